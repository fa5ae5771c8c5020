//! The functions whose calls are cached, and what they read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cachestack::{cached, invalidate};
use serde::{Deserialize, Serialize};

/// A value that tells which key it belongs to, how old it is, and whether it is torn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Value {
    id: u64,
    version: u64,
    filler: Vec<u64>,
}

impl Value {
    pub(super) fn new(id: u64, version: u64) -> Self {
        let filler = (0..100).map(|i| id * 1_000_000 + version * 1_000 + i);
        Self {
            id,
            version,
            filler: filler.collect(),
        }
    }

    /// The version, if it is whole and the key's.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub(super) fn version_of(&self, id: u64) -> u64 {
        assert_eq!(*self, Self::new(id, self.version), "torn or another's");
        self.version
    }
}

/// Where the functions have their values from.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) version: AtomicU64,
    pub(super) runs: AtomicU64,
    /// How long a run takes.
    pub(super) time: Duration,
}

impl Source {
    pub(super) fn slow(time: Duration) -> Self {
        Self {
            time,
            ..Self::default()
        }
    }

    fn read(&self, id: u64) -> Value {
        self.runs.fetch_add(1, Ordering::SeqCst);
        Value::new(id, self.version.load(Ordering::SeqCst))
    }

    pub(super) fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }
}

#[cached(key = "value:{id}")]
pub(super) async fn value(id: u64, #[cached(skip)] source: &Source) -> Value {
    let value = source.read(id);
    if !source.time.is_zero() {
        tokio::time::sleep(source.time).await;
    }
    value
}

#[cached(key = "sync value:{id}")]
pub(super) fn sync_value(id: u64, #[cached(skip)] source: &Source) -> Value {
    let value = source.read(id);
    std::thread::sleep(source.time);
    value
}

/// Makes the source's next version the current one, which concerns one of the values.
#[invalidate(value(id), sync_value(id))]
pub(super) async fn change(id: u64, source: &Source) {
    source.version.fetch_add(1, Ordering::SeqCst);
}

/// The same for sync code.
#[invalidate(value(id), sync_value(id))]
pub(super) fn sync_change(id: u64, source: &Source) {
    source.version.fetch_add(1, Ordering::SeqCst);
}
