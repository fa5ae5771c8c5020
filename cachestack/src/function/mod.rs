//! What the attributes expand to: ordinary functions that take a key, a computation and what is known of
//! its return type.
//!
//! | file | what is in it |
//! |---|---|
//! | `shape.rs` | what a return type is: a value, or a `Result` of which only `Ok` is kept |
//! | `form.rs` | how a value is kept: itself or behind its `Arc`, in every store or in memory only |
//! | `share.rs` | how a failure reaches those who waited for it |
//! | `lifetime.rs` | how long a value is kept |
//! | `argument.rs` | what can be part of a key |
//! | `identity.rs` | what a function is known by in keys |
//! | `site.rs` | one cached function in the source; the list of them |
//! | `text.rs` | the key of a call |
//! | `in_short.rs` | the placeholders of a template in short |
//! | `target.rs` | which cache it uses |
//! | `at_hand.rs` | the look at what the thread has at hand, before anything of a call is made |
//! | `probe.rs` | what a call is known by, and what it does where nobody has to wait |
//! | `look.rs` | the look at the layers that answer at once, and what it comes to |
//! | `tags.rs` | what an entry to be can be invalidated by, beside its key |
//! | `compute.rs` | how what a function computes is run: where it is called, or apart from its caller |
//! | `missed.rs` | a call that its cache could not answer at once |
//! | `call.rs` | a call: look up, else compute, once a key |
//! | `each/` | a call of several ids, each with an entry of its own, and what such a function returns |
//! | `answer.rs` | what a cache's answers come to, and what becomes of what was computed |
//! | `limit.rs` | how long a call takes at most |
//! | `by_hand/` | `get_or_compute`: a call without an attribute |
//! | `entry.rs` | [`CachedEntry`]: the handle on one entry of a function |
//! | `entries.rs` | [`CachedEntries`]: the handle on all of them |
//! | `stats.rs` | [`FunctionStats`] |
//! | `invalidate.rs` | what a mutation does beside its body |

mod answer;
mod argument;
mod at_hand;
mod by_hand;
mod call;
mod compute;
mod each;
mod entries;
mod entry;
mod form;
mod identity;
mod in_short;
mod invalidate;
mod lifetime;
mod limit;
mod look;
mod missed;
mod probe;
mod shape;
mod share;
mod site;
mod stats;
mod tags;
mod target;
mod text;

pub use self::argument::{KeyArgument, KeySelf};
pub use self::at_hand::at_hand;
pub(crate) use self::by_hand::by_hand_origin;
pub use self::by_hand::{BlockingWay, Way};
pub use self::call::{
    Started, beyond_hit, finish_async, finish_async_either, finish_started, finish_sync,
    finish_sync_either, start, wrap,
};
pub use self::compute::{
    Compute, Either, Here, Loan, Made, OwnedArgument, SentArgument, either, job, loan, sent, task,
};
pub use self::each::{
    Again, Begun, Each, Failing, Gathering, Gathers, Keeping, Mapped, Ordered, Sorted, Step, again,
    gather, keeping,
};
pub use self::entries::{BlockingEntries, CachedEntries};
pub use self::entry::{
    BlockingEntry, CachedEntry, entry_of_return, entry_of_value, lasting_return, lasting_value,
};
pub use self::form::{
    Anywhere, ArcValue, Behind, Form, FormOf, Keeps, Local, LocalArcValue, LocalValue, Owned,
    form_of,
};
pub use self::identity::Identity;
pub use self::in_short::{OfOtherValue, OfPlainValue, Value};
pub use self::invalidate::{
    After, Doomed, Put, Remembered, When, invalidate_async, invalidate_sync, nothing_after, put,
    remember,
};
pub use self::lifetime::{
    ByValue, Lasting, Lifetime, MayBeNone, NoneApart, Time, none_apart, ttl_by,
};
pub use self::limit::{FailsLate, Late, Limit, in_time, late_by};
pub use self::look::Probed;
pub use self::probe::Call;
pub use self::shape::{Fails, Fallible, OfFallible, OfOther, Plain, Shape, Tag};
pub use self::share::{
    ByError, ErrorTime, Failure, Kept, KeptError, MayFail, OfShareable, OfUnshareable, Share,
    Shared, SharedBy, SharedError, Unshared, by_error, check_error, check_fails, kept_for,
    share_by,
};
pub use self::site::{Site, functions};
pub(crate) use self::stats::Counters;
pub use self::stats::FunctionStats;
pub use self::tags::Tags;
pub use self::text::{CallKey, in_short};
pub use crate::front::Recalled;

pub use self::target::{AsCache, Target};
