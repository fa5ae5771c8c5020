//! What a cache is to do, in as few words as there are: a map, epochs, and who waits for whom.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

/// A call that was begun, by its number.
pub(crate) type Id = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Becomes {
    /// It is done, with that.
    Done(Result<u32, ()>),
    Computes,
    Waits,
}

#[derive(Debug)]
struct Call {
    key: usize,
    epoch: u64,
    ttl: Option<Duration>,
}

#[derive(Debug, Default)]
struct Flight {
    leaders: Vec<Id>,
    waiting: VecDeque<Id>,
}

#[derive(Debug, Default)]
pub(crate) struct Plain {
    now: Duration,
    values: HashMap<usize, (u32, Option<Duration>)>,
    /// Moved by whatever replaces or removes a key's value.
    epochs: HashMap<usize, u64>,
    calls: BTreeMap<Id, Call>,
    flights: HashMap<(usize, u64), Flight>,
    /// Flights that landed, or were left behind by an invalidation, end with their leaders.
    leading: Vec<Id>,
}

impl Plain {
    pub(crate) fn get(&self, key: usize) -> Option<u32> {
        let (value, end) = self.values.get(&key)?;
        end.is_none_or(|end| end > self.now).then_some(*value)
    }

    pub(crate) fn set(&mut self, key: usize, value: u32, ttl: Option<Duration>) {
        *self.epochs.entry(key).or_default() += 1;
        let end = ttl.map(|ttl| self.now + ttl);
        self.values.insert(key, (value, end));
    }

    pub(crate) fn delete(&mut self, key: usize) {
        *self.epochs.entry(key).or_default() += 1;
        self.values.remove(&key);
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    fn epoch(&self, key: usize) -> u64 {
        self.epochs.get(&key).copied().unwrap_or_default()
    }

    pub(crate) fn begin(&mut self, id: Id, key: usize, ttl: Option<Duration>) -> Becomes {
        let epoch = self.epoch(key);
        if let Some(flight) = self.flights.get_mut(&(key, epoch)) {
            self.calls.insert(id, Call { key, epoch, ttl });
            flight.waiting.push_back(id);
            return Becomes::Waits;
        }
        if let Some(value) = self.get(key) {
            return Becomes::Done(Ok(value));
        }
        self.calls.insert(id, Call { key, epoch, ttl });
        let flight = self.flights.entry((key, epoch)).or_default();
        flight.leaders.push(id);
        self.leading.push(id);
        Becomes::Computes
    }

    /// The calls whose computations are under way, in the order in which they began.
    pub(crate) fn computing(&self) -> &[Id] {
        &self.leading
    }

    /// What becomes of whom, the finished one first.
    pub(crate) fn finish(&mut self, id: Id, result: Result<u32, ()>) -> Vec<(Id, Becomes)> {
        let call = self.calls.remove(&id).unwrap();
        self.leading.retain(|it| *it != id);
        let mut changes = vec![(id, Becomes::Done(result))];
        let at = (call.key, call.epoch);
        // No flight is left where another leader of it has landed.
        let led = |flight: &&mut Flight| flight.leaders.contains(&id);
        if let Some(flight) = self.flights.get_mut(&at).filter(led) {
            flight.leaders.retain(|it| *it != id);
            changes.extend(match result {
                Ok(value) => self.land(at, value),
                Err(()) => self.let_through(at),
            });
        }
        if let Ok(value) = result {
            if self.epoch(call.key) == call.epoch {
                self.set(call.key, value, call.ttl);
            }
        }
        changes
    }

    /// Two of those who wait follow a failure. They look first, and find what was put there by hand meanwhile.
    fn let_through(&mut self, at: (usize, u64)) -> Vec<(Id, Becomes)> {
        if let Some(value) = self.get(at.0) {
            // Where nobody waits, nobody looks.
            return self.land(at, value);
        }
        let mut changes = Vec::new();
        let Some(flight) = self.flights.get_mut(&at) else {
            return changes;
        };
        for _ in 0..2 {
            if let Some(next) = flight.waiting.pop_front() {
                flight.leaders.push(next);
                self.leading.push(next);
                changes.push((next, Becomes::Computes));
            }
        }
        if flight.leaders.is_empty() {
            self.flights.remove(&at);
        }
        changes
    }

    /// The flight is over, and those who wait have its value.
    fn land(&mut self, at: (usize, u64), value: u32) -> Vec<(Id, Becomes)> {
        let flight = self.flights.remove(&at).unwrap_or_default();
        let done = flight.waiting.into_iter().map(|waiter| {
            self.calls.remove(&waiter);
            (waiter, Becomes::Done(Ok(value)))
        });
        done.collect()
    }
}
