//! A backend that misbehaves on demand.
//!
//! | file | what is in it |
//! |---|---|
//! | `backend.rs` | [`FaultyBackend`] |
//! | `faults.rs` | [`Faults`], the handle that makes it misbehave; [`Fault`] and [`Method`] |

mod backend;
mod faults;

pub use self::backend::FaultyBackend;
pub use self::faults::{Fault, Faults, Method};
