//! Entries to bytes and back. Code of users, such as a value's `Serialize`, runs here: on the caller's side,
//! never on the I/O thread.

use std::time::Duration;

use super::config::defaults;
use crate::backend::{BackendInfo, Lookup, Report, TimeLeft};
use crate::clock::{Clock, Moment};
use crate::codec::{Codec, Rejected, Sealed};
use crate::entry::{Entry, ValueType};
use crate::error::{Operation, Result};
#[cfg(any(feature = "redis", feature = "postgres"))]
use crate::generation;
use crate::key::{Key, Namespace};
use crate::stats::Stats;

/// What every store on a server keeps beside its connections.
pub(crate) struct Entries {
    pub(crate) codec: Codec,
    pub(crate) clock: Clock,
    pub(crate) namespace: Namespace,
    pub(crate) ttl: Option<Duration>,
    pub(crate) max_ttl: Duration,
    pub(crate) report: Report,
}

/// What a key is to hold from now on.
#[derive(Debug)]
pub(crate) enum Stored {
    /// These bytes, for so long at most; `None` is without an end.
    Bytes(Sealed, Option<Duration>),
    /// Nothing: the entry has ended already.
    Nothing,
}

impl Entries {
    /// With postcard, kept for 30 days, by the system's clock.
    pub(crate) fn new(name: &'static str, silent: bool) -> Self {
        Self {
            codec: Codec::default(),
            clock: Clock::default(),
            namespace: Namespace::default(),
            ttl: None,
            max_ttl: defaults::max_ttl(),
            report: Report::new(name, silent),
        }
    }

    pub(crate) fn info(&self) -> BackendInfo {
        BackendInfo::new(self.report.name)
            .shared(true)
            .detached(true)
            .silent(self.report.silent)
            .ttl(self.ttl)
            .max_ttl(Some(self.max_ttl))
    }

    /// The key with this backend's namespace in front; all other methods want it so.
    pub(crate) fn locate(&self, key: &Key) -> Key {
        key.within(&self.namespace)
    }

    /// An entry as it is to be stored: with this store's default end and limit.
    ///
    /// # Errors
    /// As [`Codec::seal`].
    pub(crate) fn seal(&self, key: &Key, entry: Entry) -> Result<Stored> {
        let now = self.clock.now();
        let entry = self.info().bounded(entry, now);
        let left = entry.time_left(now);
        if left == Some(Duration::ZERO) {
            return Ok(Stored::Nothing);
        }
        let sealed = self.codec.seal(key, &entry, &self.clock)?;
        Ok(Stored::Bytes(sealed, left))
    }

    /// What stored bytes are to a reader who asked for them at `asked`, and whom the server told how long
    /// they are still there. Of a server that does not tell, the wall clock in the entry counts.
    pub(crate) fn open(
        &self,
        key: &Key,
        bytes: &[u8],
        value_type: &'static ValueType,
        asked: Moment,
        left: TimeLeft,
    ) -> Lookup {
        let opened = self
            .codec
            .open_left(key, bytes, value_type, &self.clock, asked, left);
        match opened {
            Ok(found) => found,
            Err(rejected) => {
                if !matches!(rejected, Rejected::Expired | Rejected::Incompatible) {
                    self.report.counters.corrupt.add(1);
                }
                Lookup::Miss
            }
        }
    }

    /// Counts what a look-up found.
    pub(crate) fn count(&self, value_type: &ValueType, found: &Lookup) {
        self.report.counters.count_found(value_type, found);
    }

    /// The same for several.
    pub(crate) fn count_all(&self, keys: &[(Key, &'static ValueType)], found: &[Lookup]) {
        self.report.counters.count_all_found(keys, found);
    }

    /// Passes an outcome on, with its place where it is a failure, which is counted; see [`Report`].
    pub(crate) fn outcome<T>(
        &self,
        operation: Operation,
        key: Option<&Key>,
        result: Result<T>,
        otherwise: impl FnOnce() -> T,
    ) -> Result<T> {
        let key = key.map(Key::digest);
        self.report.outcome(operation, key, result, otherwise)
    }

    /// What was counted, with what identifies the store.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            serializer: Some(self.codec.name().to_owned()),
            namespace: (!self.namespace.is_empty()).then(|| self.namespace.to_string()),
            ..self.report.counters.stats(self.report.name)
        }
    }
}

/// For servers that can be told to keep something longer.
#[cfg(any(feature = "redis", feature = "postgres"))]
impl Entries {
    /// How long the server is to keep an entry of that type from now on, where it can prolong that: a number of a
    /// generation is left to it for twice as long as needed, and [prolonged](Self::prolonged) when half of that has
    /// passed and somebody reads it. What is read has an end on the server alone, as the entry itself has none.
    pub(crate) fn left_of(
        &self,
        value_type: &ValueType,
        left: Option<Duration>,
    ) -> Option<Duration> {
        match value_type.is_number() {
            true => left.or(Some(self.life_of_numbers())),
            false => left,
        }
    }

    /// How long the server is to keep from now on what was found there; `None` where that is as it should be. To
    /// prolong concerns whatever is there by then, so no number that was replaced comes back.
    pub(crate) fn prolonged(&self, found: &Lookup, left: TimeLeft) -> Option<Duration> {
        let entry = found.entry()?;
        let life = self.life_of_numbers();
        let is_due = matches!(left, TimeLeft::Left(left) if left < life / 2);
        let is_ours = entry.value_type().is_number() && entry.expires_at().is_none();
        (is_due && is_ours).then_some(life)
    }

    fn life_of_numbers(&self) -> Duration {
        generation::life(self.max_ttl)
    }
}
