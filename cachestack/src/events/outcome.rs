//! What can become of a call.

use std::fmt;

/// What became of a call, or of something that went on beside it.
///
/// Each call of a cached function, of [`get_or_compute`](crate::Cache::get_or_compute) and of its kin that returns
/// ends in exactly one of [`Hit`](Self::Hit), [`Stale`](Self::Stale), [`Computed`](Self::Computed),
/// [`Failed`](Self::Failed), [`Coalesced`](Self::Coalesced), [`TimedOut`](Self::TimedOut),
/// [`Bypassed`](Self::Bypassed) and [`Uncached`](Self::Uncached); the others come beside these. Of a call of several ids each
/// id has such an end, but for those that it still waited for when it failed. `Display` is a word or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The value, or a failure that is kept, was in a store: in the event's [`layer`](super::Event::layer).
    Hit,
    /// The value was in a store and beyond its ttl, and was given out all the same.
    Stale,
    /// The value was computed. Of a call that found only the failure of another function under its key, and so computes
    /// for itself alone, that is told without its time, whatever it returned.
    Computed,
    /// The computation returned an `Err`.
    Failed,
    /// The call took the result of another call's computation.
    Coalesced,
    /// The call took longer than its `hard_timeout` and failed for it. One in which the cache takes no part from the
    /// beginning is told as that alone.
    TimedOut,
    /// The call neither read nor wrote, by `bypass`.
    Bypassed,
    /// There was no cache for the call: it was closed or not configured, its key or a tag could not be written, or
    /// another function has the same path.
    Uncached,
    /// A new value was asked for whatever is there, by `refresh`. How the call ended is told apart.
    Refreshed,
    /// A value was computed in the background, to replace one that grows old. It belongs to no call.
    Revalidated,
    /// A computation in the background returned an `Err`, or one in whose place an old value was served. How a call
    /// ended is told apart.
    RevalidationFailed,
    /// A computed value was not stored, by its condition or a ttl of zero.
    Refused,
    /// A computed value was not stored, because an invalidation or a newer write came between.
    Fenced,
    /// A look-up or a store failed, and the call went on without.
    FailedOpen,
    /// A layer did not take the invalidation of a mutation at once. It is not read for those keys until it has.
    Late,
}

impl Outcome {
    /// Whether it is how a call ends; the others come beside that.
    pub fn ends_call(self) -> bool {
        matches!(
            self,
            Self::Hit
                | Self::Stale
                | Self::Computed
                | Self::Failed
                | Self::Coalesced
                | Self::TimedOut
                | Self::Bypassed
                | Self::Uncached
        )
    }

    /// The outcome in a word or two.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Computed => "computed",
            Self::Failed => "failed",
            Self::Coalesced => "coalesced",
            Self::TimedOut => "timed out",
            Self::Bypassed => "bypassed",
            Self::Uncached => "uncached",
            Self::Refreshed => "refreshed",
            Self::Revalidated => "revalidated",
            Self::RevalidationFailed => "revalidation failed",
            Self::Refused => "refused",
            Self::Fenced => "fenced off",
            Self::FailedOpen => "failed open",
            Self::Late => "late",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
