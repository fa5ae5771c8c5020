//! The contract between a stack and a store.

mod dynamic;
mod info;
mod report;

use std::future::Future;

pub use self::dynamic::AnyBackend;
pub use self::info::{BackendInfo, Lookup, TimeLeft};
#[cfg(feature = "memory")]
pub(crate) use self::report::candid;
pub(crate) use self::report::{Report, candidly};

use crate::changes::Changes;
use crate::clock::{Clock, Moment};
use crate::entry::{Entry, Seen, ValueType};
use crate::error::Result;
use crate::fence::Fence;
use crate::key::{Key, KeyDigest, Namespace};
use crate::stats::Stats;

/// A store of entries: memory, a folder, a server, or a stack of those.
///
/// Authors write plain `async fn`s for the six required methods. Each rule below is a test of the
/// contract suite (feature `testing`), which runs on any backend with one line:
/// `cachestack_backends::contract_tests!(my_store, || async { Subject::new(MyStore::new()) });`.
///
/// # What every store does
///
/// **Values.** `set` replaces what was under the key: value, type, times and all. A value may be empty,
/// or 8 MB large; a store that does not keep so much answers [`TooLarge`](crate::ErrorKind::TooLarge)
/// and leaves *nothing* under the key, not the value from before. What `get` returns is equal to what
/// was set, made at the same time, as long fresh, depending on the same generations (a stack adds those that it
/// looks after, whose names begin with `@`), and of the type
/// that was asked for: a store that holds another type under the key answers [`Lookup::Mismatch`] and
/// keeps what it has. A value without serde is kept by a store that keeps typed values, and refused as
/// [`Serialization`](crate::ErrorKind::Serialization) by others. Many tasks may read and write one key
/// at once: each read finds a value whole, or none.
///
/// **Keys.** Any text is a key: empty, 10 kB long, with newlines, NUL, or any unicode. Two different
/// keys never meet, and two keys that differ only in their namespace are different keys.
///
/// **Times.** From an entry's [`expires_at`](Entry::expires_at) on, `get` misses and `exists` says no; a
/// store that writes the end down may take it to the next full millisecond. An entry that is set when it
/// has already ended leaves nothing under the key; that is how a ttl of zero looks from here. A time to
/// live below a second holds, as the entry itself carries its end; a store whose own expiry is coarser
/// rounds *up*. A time to live beyond what the store can express counts as the longest it can. `set`
/// without an end gives the backend's own default.
///
/// **Deleting.** Deleting what is not there succeeds. `clear` deletes exactly one namespace: `shop`
/// touches neither `shop2` nor `shop:eu`, and no other application's data. Two caches on one backend
/// with two namespaces never see each other.
///
/// **Many.** `get_many` answers as `get` does, in the order of the keys, each with a value of the type that
/// was asked for under it; a key asked twice, be it as two types, is answered twice, and no keys give no answers. In `set_many` the last of several entries under one key wins. A failure of a
/// part is an error of the whole call; what was done may stay done.
///
/// **Counting.** Each `get`, each key of `get_many` and each `peek` that finds a value counts one hit;
/// each `get` and key that finds none, one miss, whatever the reason (absent, ended, another type,
/// corrupt; the last also counts as `corrupt`). Each failed operation counts one error. `exists` and
/// `ttl` count nothing, and what is counted bears the name that `info` gives.
///
/// **Failing.** A damaged, foreign or undecodable value is a miss, never an error and never a panic.
/// Errors are for the store itself: away, slow, full, misused.
///
/// # Cancellation
///
/// A `set` or `delete` whose future is dropped before it ends either took effect before the drop or
/// never will: whoever drops it may delete the key at once and be sure.
pub trait Backend: Send + Sync + 'static {
    /// What a stack must know of this store; constant for its life. The default has the type's name in
    /// lowercase and promises nothing.
    fn info(&self) -> BackendInfo {
        BackendInfo::new(short_name(std::any::type_name::<Self>()))
    }

    /// Looks an entry up. One round trip.
    ///
    /// # Errors
    /// When the store itself fails; never for what it holds.
    fn get(
        &self,
        key: &Key,
        value_type: &'static ValueType,
    ) -> impl Future<Output = Result<Lookup>> + Send;

    /// Stores an entry in place of what was there. One round trip.
    ///
    /// # Errors
    /// When the store fails, the value is too large, or its codec cannot carry it.
    fn set(&self, key: &Key, entry: Entry) -> impl Future<Output = Result<()>> + Send;

    /// Deletes an entry, if there is one. One round trip.
    ///
    /// # Errors
    /// When the store fails.
    fn delete(&self, key: &Key) -> impl Future<Output = Result<()>> + Send;

    /// Whether an entry is present and has not ended. Nothing is decoded, so it may be of any type. One
    /// round trip.
    ///
    /// # Errors
    /// When the store fails.
    fn exists(&self, key: &Key) -> impl Future<Output = Result<bool>> + Send;

    /// Deletes every entry of one namespace.
    ///
    /// # Errors
    /// When the store fails; a part may be deleted then.
    fn clear(&self, namespace: &Namespace) -> impl Future<Output = Result<()>> + Send;

    /// What the store counted since it was opened.
    ///
    /// # Errors
    /// When the store fails.
    fn stats(&self) -> impl Future<Output = Result<Stats>> + Send;

    /// Looks several entries up, each of a type of its own. One round trip where the store can.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    fn get_many(
        &self,
        keys: &[(Key, &'static ValueType)],
    ) -> impl Future<Output = Result<Vec<Lookup>>> + Send {
        async move {
            let mut found = Vec::with_capacity(keys.len());
            for (key, value_type) in keys {
                found.push(self.get(key, value_type).await?);
            }
            Ok(found)
        }
    }

    /// Stores several entries. One round trip where the store can.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    fn set_many(&self, entries: Vec<(Key, Entry)>) -> impl Future<Output = Result<()>> + Send {
        async move {
            for (key, entry) in entries {
                self.set(&key, entry).await?;
            }
            Ok(())
        }
    }

    /// Deletes several entries. One round trip where the store can.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    fn delete_many(&self, keys: &[Key]) -> impl Future<Output = Result<()>> + Send {
        async move {
            for key in keys {
                self.delete(key).await?;
            }
            Ok(())
        }
    }

    /// Frees what entries of a namespace that have ended still take, and says how many they were. A
    /// store that frees them by itself answers 0.
    ///
    /// # Errors
    /// When the store fails.
    fn purge_expired(&self, namespace: &Namespace) -> impl Future<Output = Result<u64>> + Send {
        let _ = namespace;
        async { Ok(0) }
    }

    /// How long an entry will still be there. One round trip.
    ///
    /// # Errors
    /// When the store fails.
    fn ttl(&self, key: &Key) -> impl Future<Output = Result<TimeLeft>> + Send {
        async move {
            Ok(match self.exists(key).await? {
                true => TimeLeft::Unknown,
                false => TimeLeft::Missing,
            })
        }
    }

    /// Ends what the store does in the background and frees what it holds open. Later operations may
    /// answer [`Closed`](crate::ErrorKind::Closed). Closing twice is fine.
    ///
    /// # Errors
    /// When something could not be brought to its end.
    fn close(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }

    /// A look-up that never waits, for stores in this process; `None` is 'not here', or 'cannot say'.
    /// It counts a hit, but no miss: a `get` follows.
    fn peek(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry> {
        let _ = (key, value_type);
        None
    }

    /// [`peek`](Self::peek) without a clone of the entry, where the store can lend it.
    #[doc(hidden)]
    fn peek_shared(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen> {
        self.peek(key, value_type).map(Seen::own)
    }

    /// [`get`](Self::get) of a store in this process, counted as that is; `None` is 'cannot say'.
    #[doc(hidden)]
    fn get_now(&self, key: &Key, value_type: &'static ValueType) -> Option<Lookup> {
        let _ = (key, value_type);
        None
    }

    /// [`set`](Self::set) of a store in this process at that moment, which is never silent about it.
    ///
    /// # Errors
    /// The entry, untouched, where it is to be set by that.
    #[doc(hidden)]
    fn set_now(&self, key: &Key, entry: Entry, now: Moment) -> Result<Result<()>, Entry> {
        let _ = (key, now);
        Err(entry)
    }

    /// [`delete`](Self::delete) of a store in this process; says whether it can be deleted by this.
    #[doc(hidden)]
    fn delete_now(&self, key: &Key) -> bool {
        let _ = key;
        false
    }

    /// The fence that everyone who computes values for this store should use, when it keeps one among
    /// its clones: two stacks over one store then fence each other.
    fn fence(&self) -> Option<Fence> {
        None
    }

    /// What tells those who keep copies of entries of this store, on hits that [`peek`](Self::peek) would find, that
    /// they changed here.
    #[doc(hidden)]
    fn changes(&self) -> Option<Changes> {
        None
    }

    /// The clock that entries here live by, when the store says which. A stack that was given a manual clock
    /// hands it to those stores of this library that were given none.
    fn clock(&self) -> Option<Clock> {
        None
    }
}

/// `shelf` of `my_app::stores::Shelf<T>`.
fn short_name(full: &str) -> String {
    let bare = full.split('<').next().unwrap_or(full);
    bare.rsplit("::").next().unwrap_or(bare).to_lowercase()
}
