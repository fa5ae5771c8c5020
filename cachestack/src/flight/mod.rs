//! One computation a key: a leader computes, whoever asks meanwhile waits for it.
//!
//! A flight belongs to a key, an epoch of the fence, and a type of value: who calls after an invalidation
//! never joins one that began before it, and two types under one key never meet. Its leader holds a lease, by the
//! cache's clock; when it ends, exactly one waiter computes too and the rest take whichever ends first. A leader
//! that panics or is dropped hands over at once, to exactly one; one that fails lets two waiters through in its
//! place. Threads that wait go before tasks: a thread runs on when it is woken, and a task may be one that it
//! keeps from running. The flight is out of the table when nobody computes and nobody waits, or when a leader that
//! landed has stored its value: whoever comes then finds it there or computes, even if another leader hangs.
//!
//! Who would wait for itself computes instead, as one more leader: a call from within the computation, on the same
//! thread or in the same task (`trail.rs`), and sync code that blocks the thread of a runtime of one thread, or the
//! task, in which the leader was last polled. A computation that waits for another thread or task which in turn
//! waits for it goes on when the lease ends.
//!
//! Whoever has to do with a flight holds a token of its key: as long as there is one, the key's epochs do not
//! begin anew.
//!
//! This folder, with `cachestack-backends/src/fence`, is also compiled into the crate `model`, which runs it
//! through thousands of interleavings.

mod lead;
mod lease;
mod state;
mod trail;
mod wait;

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use cachestack_backends::runtime::{Place, is_blocking};
use cachestack_backends::{AnyValue, Epoch, KeyDigest, Watch};

pub(crate) use self::lead::Lead;
pub(crate) use self::lease::Lease;
use self::state::{Number, State};
pub(crate) use self::wait::Wait;
use crate::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// A shard with room for so many more than it has gives it back, and keeps room for so many.
const SPARE: usize = 64;

/// What a leader leaves to those who waited.
#[derive(Clone)]
pub(crate) enum Landed {
    /// The value.
    Value(AnyValue),
    /// A stale value, as there is no new one.
    Old(AnyValue),
    /// The whole return value of a call that failed, where it can be shared.
    Failure(AnyValue),
}

type Shard = HashMap<Id, Arc<Flight>, BuildHasherDefault<ByDigest>>;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Id {
    key: KeyDigest,
    epoch: Epoch,
    value_type: TypeId,
}

/// Few flights have one key, and digests are as good as hashes. What chooses the shard stands elsewhere in it.
impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.key.low().rotate_right(32));
    }
}

#[derive(Default)]
struct ByDigest(u64);

impl Hasher for ByDigest {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

/// The flights of one cache.
#[derive(Default)]
pub(crate) struct Flights {
    shards: [Mutex<Shard>; SHARDS],
}

struct Flight {
    state: Mutex<State>,
    /// Tells whether what is computed was invalidated since: nobody joins any more.
    watch: Watch,
}

impl Flight {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a caller is to do.
pub(crate) enum Role<'a> {
    /// Compute.
    Lead(Lead<'a>),
    /// Take what the leader left.
    Take(Landed),
}

/// What a caller that cannot wait yet is to do.
pub(crate) enum Claimed<'a, 'l> {
    /// Compute.
    Lead(Lead<'a>),
    /// Others do: wait for them some time.
    Others(Wait<'a, 'l>),
}

/// Who calls.
#[derive(Clone, Copy)]
struct Caller {
    /// Where its future is polled; a thread that waits itself goes on anyway.
    place: Place,
    /// Whether it keeps its thread while it waits.
    blocks: bool,
}

impl Caller {
    fn here() -> Self {
        let blocks = is_blocking();
        let place = match blocks {
            true => Place::Anywhere,
            false => Place::here(),
        };
        Self { place, blocks }
    }
}

/// What a caller finds in the table.
enum Met {
    Nobody(Arc<Flight>, Number),
    /// It would wait for itself.
    Itself(Arc<Flight>, Number),
    Others(Arc<Flight>),
}

impl Flights {
    fn shard(&self, id: Id) -> MutexGuard<'_, Shard> {
        let index = id.key.low() as usize % SHARDS;
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the flight of that key, epoch and type: at once as its leader when there is none, else after a wait
    /// of at most `lease` beyond the current leader's lease.
    pub(crate) async fn join(
        &self,
        key: KeyDigest,
        epoch: Epoch,
        value_type: TypeId,
        lease: Lease<'_>,
        watch: impl FnOnce() -> Watch,
    ) -> Role<'_> {
        match self.claim(key, epoch, value_type, lease, watch) {
            Claimed::Lead(lead) => Role::Lead(lead),
            Claimed::Others(wait) => wait.await,
        }
    }

    /// The same without the wait. One that is made and not polled yet keeps nobody from anything, and gets what
    /// the leader leaves meanwhile.
    pub(crate) fn claim<'l>(
        &self,
        key: KeyDigest,
        epoch: Epoch,
        value_type: TypeId,
        lease: Lease<'l>,
        watch: impl FnOnce() -> Watch,
    ) -> Claimed<'_, 'l> {
        let id = Id {
            key,
            epoch,
            value_type,
        };
        match self.meet(id, lease, watch) {
            Met::Nobody(flight, number) | Met::Itself(flight, number) => {
                Claimed::Lead(Lead::new(self, id, flight, number))
            }
            Met::Others(flight) => Claimed::Others(Wait::new(self, id, flight, lease)),
        }
    }

    fn meet(&self, id: Id, lease: Lease<'_>, watch: impl FnOnce() -> Watch) -> Met {
        let caller = Caller::here();
        let mut shard = self.shard(id);
        let joinable =
            |flight: &&Arc<Flight>| !flight.watch.is_overtaken() && !flight.lock().is_closed();
        let Some(flight) = shard.get(&id).filter(joinable) else {
            let (state, number) = State::led_from(caller.place, lease.ending());
            let flight = Arc::new(Flight {
                state: Mutex::new(state),
                watch: watch(),
            });
            // One that was overtaken goes on for those who wait for it.
            let before = shard.insert(id, Arc::clone(&flight));
            drop(shard);
            drop(before);
            return Met::Nobody(flight, number);
        };
        let flight = Arc::clone(flight);
        let mut state = flight.lock();
        let in_vain = trail::leads_here(&flight) || (caller.blocks && state.waits_for_me());
        if in_vain && !state.has_landed() {
            let number = state.lead(caller.place, lease.ending());
            drop(state);
            return Met::Itself(flight, number);
        }
        // The waiter is registered while the table is locked: the flight cannot be taken out between the
        // look-up and the wait.
        state.interested += 1;
        drop(state);
        Met::Others(flight)
    }

    /// Takes the flight out of the table when it is over.
    fn tidy(&self, id: Id, flight: &Arc<Flight>) {
        self.tidy_after(id, flight, |_| ());
    }

    /// The same after that was done to it.
    fn tidy_after<R>(&self, id: Id, flight: &Arc<Flight>, end: impl FnOnce(&mut State) -> R) -> R {
        let mut shard = self.shard(id);
        let mut state = flight.lock();
        let ended = end(&mut state);
        let is_over = state.is_over();
        drop(state);
        if is_over && shard.get(&id).is_some_and(|it| Arc::ptr_eq(it, flight)) {
            shard.remove(&id);
            let needed = shard.len() * 2 + SPARE;
            if shard.capacity() > needed * 4 {
                shard.shrink_to(needed);
            }
        }
        ended
    }

    /// How many keys are in flight.
    pub(crate) fn len(&self) -> usize {
        let len = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(len).sum()
    }

    /// For how many keys in flight there is room before the table grows.
    #[cfg(test)]
    fn capacity(&self) -> usize {
        let capacity = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.capacity()
        };
        self.shards.iter().map(capacity).sum()
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flights({})", self.len())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cachestack_backends::runtime::block_on;
    use cachestack_backends::{Clock, Fence, Namespace};

    use super::*;

    #[test]
    fn the_table_is_empty_after_a_million_keys() {
        let (flights, clock, fence) = (Flights::default(), Clock::system(), Fence::new());
        let lease = Lease::new(&clock, Duration::from_secs(10));
        for i in 0..1_000_000_u32 {
            let key = Namespace::default().digest(i.to_le_bytes());
            let token = fence.token(key);
            drop(block_on(flights.join(
                key,
                token.epoch(),
                TypeId::of::<u32>(),
                lease,
                Watch::default,
            )));
        }
        assert_eq!(
            (flights.len(), flights.capacity() < SHARDS * SPARE),
            (0, true)
        );
    }

    #[test]
    fn the_table_gives_back_what_a_burst_took() {
        let (flights, clock, fence) = (Flights::default(), Clock::system(), Fence::new());
        let lease = Lease::new(&clock, Duration::from_secs(10));
        let join = |i: u32| {
            let key = Namespace::default().digest(i.to_le_bytes());
            let token = fence.token(key);
            block_on(flights.join(
                key,
                token.epoch(),
                TypeId::of::<u32>(),
                lease,
                Watch::default,
            ))
        };
        let leads: Vec<_> = (0..100_000).map(join).collect();
        assert_eq!(flights.len(), 100_000);
        assert!(flights.capacity() >= 100_000);
        drop(leads);
        assert_eq!(flights.len(), 0);
        assert!(flights.capacity() < SHARDS * SPARE * 8);
    }
}
