//! What the attributes expand to: ordinary functions that take a key, a computation and what is known of
//! its return type.
//!
//! | file | what is in it |
//! |---|---|
//! | `shape.rs` | what a return type is: a value, or a `Result` of which only `Ok` is kept |
//! | `site.rs` | one cached function: its identity, its cache |
//! | `call.rs` | a call: look up, else compute, once a key |
//! | `entry.rs` | [`CachedEntry`]: the handle on one entry of a function |
//! | `invalidate.rs` | what a mutation does after it succeeded |

mod call;
mod entry;
mod invalidate;
mod shape;
mod site;

pub use self::call::{Call, call_async, call_sync};
pub use self::entry::{BlockingEntry, CachedEntry, entry_of_return, entry_of_value};
pub use self::invalidate::{Doomed, invalidate_async, invalidate_sync};
pub use self::shape::{
    Fails, Fallible, KeyArgument, OfFallible, OfOther, OfShareable, OfUnshareable, Plain, Shape,
    Share, Shared, Tag, Unshared,
};
pub use self::site::{AsCache, Site, Target};
