//! What becomes of each call: counted, told to callbacks, and traced.
//!
//! | file | what is in it |
//! |---|---|
//! | `outcome.rs` | [`Outcome`] |
//! | `event.rs` | [`Event`]: an outcome with what it is about |
//! | `listeners.rs` | the callbacks of a cache |
//! | `account.rs` | what a call beyond the probe will have to say of itself |
//! | `tell.rs` | the one way by which a cache counts an outcome and tells of it |

mod account;
mod event;
mod listeners;
mod outcome;
mod tell;

pub(crate) use self::account::Account;
pub use self::event::Event;
pub(crate) use self::listeners::Listeners;
pub use self::outcome::Outcome;
pub(crate) use self::tell::{Beside, Origin, tell_without_cache, warn_failed};
