//! What backends and stacks count.

mod counter;
mod tally;
mod timings;

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

pub(crate) use self::counter::{Counter, Counters};
pub use self::tally::{Tally, TallyCell};
pub use self::timings::{Timer, Timings};

/// What a backend counted since it was opened, with what identifies it.
///
/// Numbers that a backend does not have are `None` and are left out of `Display` and of the serialised
/// form. A stack carries its layers, top first.
///
/// ```
/// use cachestack_backends::Stats;
///
/// let stats = Stats { hits: 3, misses: 1, ..Stats::new("memory") };
/// assert_eq!(stats.hit_rate(), Some(0.75));
/// assert_eq!(stats.to_string(), "memory: 3 hits, 1 miss, 75.0 % hit rate");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Stats {
    /// The backend's short name.
    pub backend: String,
    /// Look-ups that found a value.
    pub hits: u64,
    /// Look-ups that found none.
    pub misses: u64,
    /// Operations that failed.
    pub errors: u64,
    /// Entries written.
    pub writes: u64,
    /// Deletions by hand: of entries that were there, where the store can tell, else those asked for.
    pub deletes: u64,
    /// Live entries dropped to make room.
    pub evictions: u64,
    /// Ended entries that were freed.
    pub expirations: u64,
    /// Misses because what was stored is damaged or foreign.
    pub corrupt: u64,
    /// Entries copied up from a lower layer.
    pub backfills: u64,
    /// Values not stored, because an invalidation or a newer write came between.
    pub fenced: u64,
    /// Entries that were found, and passed over because what they depend on had been invalidated: their tag,
    /// their function, or their namespace. Counted by stacks.
    #[serde(skip_serializing_if = "is_zero")]
    pub outdated: u64,
    /// Operations that did not end within their store's timeout or the layer's deadline; they count as errors
    /// too.
    #[serde(skip_serializing_if = "is_zero")]
    pub timeouts: u64,
    /// How long the operations of a layer took, by the stack's clock: those that failed too, not those that the
    /// breaker turned away. `None` for layers that answer at once: they are not timed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Timings>,
    /// The state of a layer's breaker: `closed`, `open`, or `half_open` while the layer is probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<String>,
    /// How often the breaker opened.
    #[serde(skip_serializing_if = "is_zero")]
    pub opened: u64,
    /// Operations that the open breaker turned away, without asking the layer.
    #[serde(skip_serializing_if = "is_zero")]
    pub rejected: u64,
    /// How many changes wait to be told to the layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<u64>,
    /// Changes for which there was no room to wait: a computed value was left out, anything else had its
    /// namespace cleared.
    #[serde(skip_serializing_if = "is_zero")]
    pub overflowed: u64,
    /// How many entries are there. Ended ones count until they are freed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// How many entries there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_entries: Option<u64>,
    /// How many bytes the entries take, by the backend's own measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How many bytes they may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// The eviction policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The codec's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serializer: Option<String>,
    /// The backend's own namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// The layers of a stack, top first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Stats>,
}

impl Stats {
    /// All zero, of the backend of that name.
    pub fn new(backend: impl Into<String>) -> Self {
        Self {
            backend: backend.into(),
            ..Self::default()
        }
    }

    /// The share of look-ups that found a value, from 0 to 1; `None` before the first.
    pub fn hit_rate(&self) -> Option<f64> {
        let all = self.hits + self.misses;
        (all > 0).then(|| self.hits as f64 / all as f64)
    }

    fn line(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} hits, ", self.backend, self.hits)?;
        write!(f, "{}", Counted(self.misses, "miss", "misses"))?;
        if let Some(rate) = self.hit_rate() {
            write!(f, ", {:.1} % hit rate", rate * 100.0)?;
        }
        for counted in [
            Counted(self.errors, "error", "errors"),
            Counted(self.writes, "write", "writes"),
            Counted(self.deletes, "delete", "deletes"),
            Counted(self.evictions, "eviction", "evictions"),
            Counted(self.expirations, "expiration", "expirations"),
            Counted(self.corrupt, "corrupt", "corrupt"),
            Counted(self.backfills, "backfill", "backfills"),
            Counted(self.fenced, "fenced off", "fenced off"),
            Counted(self.outdated, "outdated", "outdated"),
            Counted(self.timeouts, "timeout", "timeouts"),
            Counted(self.opened, "outage", "outages"),
            Counted(self.rejected, "rejected", "rejected"),
            Counted(self.pending.unwrap_or(0), "pending", "pending"),
            Counted(self.overflowed, "overflowed", "overflowed"),
        ] {
            if counted.0 > 0 {
                write!(f, ", {counted}")?;
            }
        }
        if let Some(entries) = self.entries {
            write!(f, ", {}", Counted(entries, "entry", "entries"))?;
            if let Some(most) = self.max_entries {
                write!(f, " of {most}")?;
            }
        }
        if let Some(bytes) = self.bytes {
            write!(f, ", {}", Counted(bytes, "byte", "bytes"))?;
            if let Some(most) = self.max_bytes {
                write!(f, " of {most}")?;
            }
        }
        if let Some(operations) = self.operations.filter(|it| it.count > 0) {
            write!(f, ", operations {operations}")?;
        }
        if let Some(breaker) = self.breaker.as_deref().filter(|it| *it != "closed") {
            write!(f, ", breaker {breaker}")?;
        }
        for (name, text) in [
            ("policy", &self.policy),
            ("serializer", &self.serializer),
            ("namespace", &self.namespace),
        ] {
            if let Some(text) = text {
                write!(f, ", {name} {text}")?;
            }
        }
        if let Some(directory) = &self.directory {
            write!(f, ", in {}", directory.display())?;
        }
        Ok(())
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

struct Counted(u64, &'static str, &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0 == 1 { self.1 } else { self.2 };
        write!(f, "{} {noun}", self.0)
    }
}

/// One line, and one more for each layer.
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line(f)?;
        for (index, layer) in self.layers.iter().enumerate() {
            write!(f, "\n  L{} {layer}", index + 1)?;
        }
        Ok(())
    }
}
