//! What a thread keeps at hand of the entries in memory: it is gone when they are, counted like any hit, and nobody
//! else's.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "front/apart.rs"]
mod apart;
#[path = "front/arguments.rs"]
mod arguments;
#[path = "front/counted.rs"]
mod counted;
#[path = "front/ended.rs"]
mod ended;
#[path = "front/evicted.rs"]
mod evicted;
#[path = "front/gone.rs"]
mod gone;
#[path = "front/kept.rs"]
mod kept;
#[path = "front/off.rs"]
mod off;

use std::time::Duration;

use cachestack::{Backend, Cache, Clock, MemoryBackend, MemoryBuilder};
use cachestack_tests::eventually;

/// What a test may take on a machine that runs all of them at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// A cache over a memory that the test may also write to, by a clock in its hand.
#[derive(Clone)]
struct Shop {
    cache: Cache,
    memory: MemoryBackend,
    clock: Clock,
}

impl Shop {
    fn new() -> Self {
        Self::over(MemoryBackend::builder())
    }

    fn over(memory: MemoryBuilder) -> Self {
        let clock = Clock::manual();
        let memory = memory.clock(clock.clone()).build().unwrap();
        let cache = Cache::builder().layer(memory.clone()).clock(clock.clone());
        Self {
            cache: cache.build().unwrap(),
            memory,
            clock,
        }
    }

    /// How many look-ups were answered by what threads have at hand.
    fn by_copies(&self) -> u64 {
        self.memory.changes().map_or(0, |changes| changes.hits())
    }

    /// Calls until all of so many look-ups are answered by what the thread has at hand: whatever ends anywhere in the
    /// process may make it ask the store once more.
    fn to_hand(&self, look_ups: u64, mut call: impl FnMut()) {
        eventually(|| {
            let before = self.by_copies();
            call();
            self.by_copies() == before + look_ups
        });
    }
}
