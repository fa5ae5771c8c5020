//! What a stack does with its layers.
#![cfg(all(feature = "testing", feature = "memory"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod fence;
mod reads;
#[path = "../shelf/mod.rs"]
mod shelf;
#[path = "../support/mod.rs"]
mod support;
mod times;
mod writes;

use cachestack_backends::testing::{Faults, FaultyBackend};
use cachestack_backends::{
    Backend, BackendInfo, Clock, Codec, MemoryBackend, MemoryBuilder, TieredBuilder, TieredCache,
};

use shelf::Shelf;
use support::Desk;

/// A stack whose layers can be looked into, and told to misbehave.
struct Stack {
    tiered: TieredCache,
    /// The stack itself.
    all: Desk,
    /// Each layer alone, without its faults, top first.
    layers: Vec<Desk>,
    faults: Vec<Faults>,
    clock: Clock,
}

#[derive(Default)]
struct Building {
    clock: Clock,
    builder: TieredBuilder,
    layers: Vec<Desk>,
    faults: Vec<Faults>,
}

impl Stack {
    fn of() -> Building {
        let clock = Clock::manual();
        Building {
            builder: TieredCache::builder().clock(clock.clone()),
            clock,
            ..Building::default()
        }
    }

    /// Memory above a shelf: the usual stack.
    fn usual() -> Self {
        Self::of().memory(|it| it).shelf(as_is).build()
    }
}

impl Building {
    fn layer(
        mut self,
        backend: &(impl Backend + Clone),
        info: fn(BackendInfo) -> BackendInfo,
    ) -> Self {
        let faulty = FaultyBackend::new(backend.clone()).with_info(info);
        self.layers.push(Desk::new(backend, &self.clock));
        self.faults.push(faulty.faults());
        self.builder = self.builder.layer(faulty);
        self
    }

    /// A layer that answers at once and keeps values.
    fn memory(self, change: impl FnOnce(MemoryBuilder) -> MemoryBuilder) -> Self {
        let builder = MemoryBackend::builder().clock(self.clock.clone());
        self.layer(&change(builder).build().unwrap(), as_is)
    }

    /// A layer that may take its time and keeps bytes.
    fn shelf(self, info: fn(BackendInfo) -> BackendInfo) -> Self {
        self.shelf_of(Codec::Postcard, info)
    }

    fn shelf_of(self, codec: Codec, info: fn(BackendInfo) -> BackendInfo) -> Self {
        let shelf = Shelf::new(codec, self.clock.clone());
        self.layer(&shelf, info)
    }

    fn with(mut self, change: impl FnOnce(TieredBuilder) -> TieredBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    fn build(self) -> Stack {
        let tiered = self.builder.build().unwrap();
        Stack {
            all: Desk::new(&tiered, &self.clock),
            tiered,
            layers: self.layers,
            faults: self.faults,
            clock: self.clock,
        }
    }
}

/// As the backend inside says.
fn as_is(info: BackendInfo) -> BackendInfo {
    info
}
