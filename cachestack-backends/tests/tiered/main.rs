//! What a stack does with its layers.
#![cfg(all(feature = "testing", feature = "memory"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod breaker;
mod deadline;
mod fence;
mod generations;
mod generations_away;
mod generations_copied;
mod late;
mod now;
mod overflow;
mod patience;
mod pending;
mod reads;
#[path = "../shelf/mod.rs"]
mod shelf;
mod storm;
#[path = "../support/mod.rs"]
mod support;
mod times;
mod write_back;
mod write_back_end;
mod writes;

use std::time::Duration;

use cachestack_backends::runtime::sleep;
use cachestack_backends::testing::{Fault, Faults, FaultyBackend, Method};
use cachestack_backends::{
    Backend, BackendInfo, Clock, Codec, Layer, MemoryBackend, MemoryBuilder, Passage, Result,
    Stats, TieredBuilder, TieredCache, ValueType, WriteStrategy,
};

use shelf::Shelf;
use support::{Desk, soon};

const MILLI: Duration = Duration::from_millis(1);
/// The methods that change something.
const CHANGES: [Method; 5] = [
    Method::Set,
    Method::SetMany,
    Method::Delete,
    Method::DeleteMany,
    Method::Clear,
];

/// Waits until something is so.
fn until(is_so: impl Fn() -> bool) {
    soon(async {
        while !is_so() {
            sleep(MILLI).await;
        }
    });
}

/// A stack whose layers can be looked into, and told to misbehave.
struct Stack {
    tiered: TieredCache,
    /// The stack itself.
    all: Desk,
    /// Each layer alone, without its faults, top first.
    layers: Vec<Desk>,
    faults: Vec<Faults>,
    clock: Clock,
    /// Keeps the generation of the tests' namespace known, with its number: what is counted and broken in a test
    /// is what the test does.
    _known: Passage,
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

    /// Memory above a shelf that works on any thread.
    fn above(change: impl FnOnce(Layer) -> Layer) -> Self {
        Self::of().memory(|it| it).away(change).build()
    }

    /// The same, written back.
    fn written_back(change: impl FnOnce(Layer) -> Layer) -> Self {
        let building = Self::of().memory(|it| it).away(change);
        building
            .with(|it| it.write_strategy(WriteStrategy::WriteBack))
            .build()
    }

    /// What the stack counted of its lowest layer.
    fn below(&self) -> Stats {
        self.all.stats().layers.pop().unwrap()
    }

    /// The faults of the lowest layer.
    fn lowest(&self) -> &Faults {
        self.faults.last().unwrap()
    }

    /// Lets everything that changes the lowest layer meet a fault.
    fn break_changes(&self, fault: Fault) {
        for method in CHANGES {
            self.lowest().inject(method, fault);
        }
    }

    /// Stores a computed value.
    fn store(&self, text: &str, value: u64, passage: &Passage) -> Result<bool> {
        let (key, entry) = (support::key(text), self.all.entry(value));
        soon(self.tiered.store(&key, entry, passage))
    }

    /// As memory may do at any time.
    fn evict(&self, text: &str) {
        self.layers[0].delete(text);
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

    /// A shelf that works on any thread, with settings of its own.
    fn away(self, change: impl FnOnce(Layer) -> Layer) -> Self {
        self.layer_as(|info| info.detached(true), change)
    }

    fn layer_as(
        mut self,
        info: fn(BackendInfo) -> BackendInfo,
        change: impl FnOnce(Layer) -> Layer,
    ) -> Self {
        let shelf = Shelf::new(Codec::Postcard, self.clock.clone());
        let faulty = FaultyBackend::new(shelf.clone()).with_info(info);
        self.layers.push(Desk::new(&shelf, &self.clock));
        self.faults.push(faulty.faults());
        self.builder = self.builder.layer(change(Layer::new(faulty)));
        self
    }

    fn with(mut self, change: impl FnOnce(TieredBuilder) -> TieredBuilder) -> Self {
        self.builder = change(self.builder);
        self
    }

    fn build(self) -> Stack {
        let tiered = self.builder.build().unwrap();
        let known = known(&tiered);
        self.faults.iter().for_each(Faults::forget_calls);
        Stack {
            _known: known,
            all: Desk::new(&tiered, &self.clock),
            tiered,
            layers: self.layers,
            faults: self.faults,
            clock: self.clock,
        }
    }
}

/// Has the stack make the number of the namespace.
fn known(tiered: &TieredCache) -> Passage {
    let key = support::key("known");
    let mut passage = tiered.passage(&key);
    let looking = tiered.look_up(&key, ValueType::of::<()>(), &mut passage);
    drop(soon(looking).unwrap());
    soon(tiered.flush()).unwrap();
    passage
}

/// As the backend inside says.
fn as_is(info: BackendInfo) -> BackendInfo {
    info
}
