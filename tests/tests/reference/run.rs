//! Operations, done to a cache and to the plain map.

use std::any::Any;
use std::collections::BTreeMap;

use cachestack::{BlockingCache, Cache, Clock};

use super::calls::Call;
use super::ops::{KEYS, Op};
use super::plain::{Becomes, Id, Plain};

pub(crate) struct Stage {
    cache: Cache,
    sync: BlockingCache,
    /// None where time cannot be moved: nothing ends there.
    clock: Option<Clock>,
    plain: Plain,
    calls: BTreeMap<Id, Call>,
    begun: usize,
    /// Goes when the cache does.
    _held: Box<dyn Any>,
}

fn name(key: usize) -> String {
    format!("k{key}")
}

impl Stage {
    pub(crate) fn new(cache: Cache, clock: Option<Clock>, held: impl Any) -> Self {
        Self {
            sync: cache.blocking(),
            cache,
            clock,
            plain: Plain::default(),
            calls: BTreeMap::new(),
            begun: 0,
            _held: Box::new(held),
        }
    }

    pub(crate) fn run(mut self, operations: &[Op]) {
        for operation in operations {
            self.step(operation);
        }
        // Nobody is left waiting, whatever was begun.
        while let Some(id) = self.plain.computing().first() {
            self.finish(*id, Ok(0));
        }
        assert!(self.calls.is_empty());
        for key in 0..KEYS {
            self.step(&Op::Get(key));
        }
        assert_eq!(self.sync.stats().unwrap().in_flight, 0);
        self.sync.close().unwrap();
    }

    fn step(&mut self, operation: &Op) {
        let (sync, plain) = (&self.sync, &mut self.plain);
        match operation {
            Op::Get(key) => {
                assert_eq!(sync.get::<u32>(name(*key)).unwrap(), plain.get(*key));
            }
            Op::GetMany(keys) => {
                let found = sync.get_many::<u32>(keys.iter().map(|key| name(*key)));
                let there: Vec<_> = keys.iter().map(|key| plain.get(*key)).collect();
                assert_eq!(found.unwrap(), there);
            }
            Op::Exists(key) => {
                let exists = sync.exists(name(*key)).unwrap();
                assert_eq!(exists, plain.get(*key).is_some());
            }
            Op::Set(key, value, ttl) => {
                let ttl = ttl.filter(|_| self.clock.is_some());
                sync.set(name(*key), *value, ttl).unwrap();
                plain.set(*key, *value, ttl);
            }
            Op::SetMany(keys, value) => {
                let entries = keys.iter().map(|key| (name(*key), *value));
                sync.set_many(entries, None).unwrap();
                keys.iter().for_each(|key| plain.set(*key, *value, None));
            }
            Op::Delete(key) => {
                sync.delete(name(*key)).unwrap();
                plain.delete(*key);
            }
            Op::DeleteMany(keys) => {
                sync.delete_many(keys.iter().map(|key| name(*key))).unwrap();
                keys.iter().for_each(|key| plain.delete(*key));
            }
            Op::Clear => {
                sync.clear().unwrap();
                (0..KEYS).for_each(|key| plain.delete(key));
            }
            Op::Purge => {
                sync.purge_expired().unwrap();
            }
            Op::Advance(by) => {
                if let Some(clock) = &self.clock {
                    clock.advance(*by);
                    plain.advance(*by);
                }
            }
            Op::Call(key, ttl) => self.begin(*key, *ttl),
            Op::Finish(nth, result) => {
                let computing = self.plain.computing();
                if !computing.is_empty() {
                    let id = computing[nth % computing.len()];
                    self.finish(id, *result);
                }
            }
        }
        self.calls_are_as_they_were();
    }

    fn begin(&mut self, key: usize, ttl: Option<std::time::Duration>) {
        let (id, ttl) = (self.begun, ttl.filter(|_| self.clock.is_some()));
        self.begun += 1;
        let mut call = Call::begin(&self.cache, name(key), ttl);
        let what = self.plain.begin(id, key, ttl);
        call.becomes(what);
        if !matches!(what, Becomes::Done(_)) {
            self.calls.insert(id, call);
        }
    }

    fn finish(&mut self, id: Id, result: Result<u32, ()>) {
        self.calls[&id].finish(result);
        for (id, what) in self.plain.finish(id, result) {
            if let Some(call) = self.calls.get_mut(&id) {
                call.becomes(what);
            }
            if matches!(what, Becomes::Done(_)) {
                self.calls.remove(&id);
            }
        }
    }

    /// Who waits has not begun to compute.
    fn calls_are_as_they_were(&self) {
        for (id, call) in &self.calls {
            if !self.plain.computing().contains(id) {
                call.check_waits();
            }
        }
    }
}
