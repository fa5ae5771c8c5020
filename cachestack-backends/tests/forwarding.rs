//! What wraps a backend forwards every method: one that were forgotten would silently run its default.
#![cfg(all(feature = "testing", feature = "memory"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cachestack_backends::testing::FaultyBackend;
use cachestack_backends::{
    AnyBackend, Backend, BackendInfo, Changes, Clock, Entry, Fence, Key, KeyDigest, Lookup, Moment,
    Namespace, Result, Seen, Stats, TimeLeft, ValueType,
};
use support::{key, soon, wanting};

/// Takes note of the name of each method that is called, and answers what no default would.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<BTreeSet<&'static str>>>);

impl Recorder {
    fn note(&self, method: &'static str) {
        self.0.lock().unwrap().insert(method);
    }
}

impl Backend for Recorder {
    fn info(&self) -> BackendInfo {
        self.note("info");
        BackendInfo::new("recorder").shared(true).typed(true)
    }
    async fn get(&self, _: &Key, _: &'static ValueType) -> Result<Lookup> {
        self.note("get");
        Ok(Lookup::Mismatch)
    }
    async fn set(&self, _: &Key, _: Entry) -> Result<()> {
        self.note("set");
        Ok(())
    }
    async fn delete(&self, _: &Key) -> Result<()> {
        self.note("delete");
        Ok(())
    }
    async fn exists(&self, _: &Key) -> Result<bool> {
        self.note("exists");
        Ok(true)
    }
    async fn clear(&self, _: &Namespace) -> Result<()> {
        self.note("clear");
        Ok(())
    }
    async fn stats(&self) -> Result<Stats> {
        self.note("stats");
        Ok(Stats::new("recorder"))
    }
    async fn get_many(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        self.note("get_many");
        Ok(keys.iter().map(|_| Lookup::Mismatch).collect())
    }
    async fn set_many(&self, _: Vec<(Key, Entry)>) -> Result<()> {
        self.note("set_many");
        Ok(())
    }
    async fn delete_many(&self, _: &[Key]) -> Result<()> {
        self.note("delete_many");
        Ok(())
    }
    async fn purge_expired(&self, _: &Namespace) -> Result<u64> {
        self.note("purge_expired");
        Ok(7)
    }
    async fn ttl(&self, _: &Key) -> Result<TimeLeft> {
        self.note("ttl");
        Ok(TimeLeft::Left(Duration::from_secs(7)))
    }
    async fn close(&self) -> Result<()> {
        self.note("close");
        Ok(())
    }
    fn peek(&self, _: KeyDigest, _: &'static ValueType) -> Option<Entry> {
        self.note("peek");
        None
    }
    fn peek_shared(&self, _: KeyDigest, _: &'static ValueType) -> Option<Seen> {
        self.note("peek_shared");
        None
    }
    fn get_now(&self, _: &Key, _: &'static ValueType) -> Option<Lookup> {
        self.note("get_now");
        Some(Lookup::Mismatch)
    }
    fn set_now(&self, _: &Key, _: Entry, _: Moment) -> Result<Result<()>, Entry> {
        self.note("set_now");
        Ok(Ok(()))
    }
    fn delete_now(&self, _: &Key) -> bool {
        self.note("delete_now");
        true
    }
    fn fence(&self) -> Option<Fence> {
        self.note("fence");
        Some(Fence::new())
    }
    fn changes(&self) -> Option<Changes> {
        self.note("changes");
        None
    }
    fn clock(&self) -> Option<Clock> {
        self.note("clock");
        Some(Clock::system())
    }
}

/// Calls every method; the names of those that arrived.
fn arrived(recorder: &Recorder, backend: &impl Backend) -> BTreeSet<&'static str> {
    let (key, value_type) = (key("k"), ValueType::of::<u64>());
    let entry = Entry::new(7_u64, Clock::system().now());
    let keys = [key.clone(), key.clone()];
    // What came while the wrapper was made was not asked by us.
    recorder.0.lock().unwrap().clear();
    soon(async {
        assert!(matches!(
            backend.get(&key, value_type).await,
            Ok(Lookup::Mismatch)
        ));
        backend.set(&key, entry.clone()).await.unwrap();
        backend.delete(&key).await.unwrap();
        assert!(backend.exists(&key).await.unwrap());
        backend.clear(key.namespace()).await.unwrap();
        assert_eq!(backend.stats().await.unwrap().backend, "recorder");
        assert_eq!(
            backend
                .get_many(&wanting(&keys, value_type))
                .await
                .unwrap()
                .len(),
            2
        );
        let many = vec![(key.clone(), entry.clone())];
        backend.set_many(many).await.unwrap();
        backend.delete_many(&keys).await.unwrap();
        assert_eq!(backend.purge_expired(key.namespace()).await.unwrap(), 7);
        let left = TimeLeft::Left(Duration::from_secs(7));
        assert_eq!(backend.ttl(&key).await.unwrap(), left);
        backend.close().await.unwrap();
    });
    assert!(backend.info().shared && backend.info().typed);
    assert!(backend.peek(key.digest(), value_type).is_none());
    assert!(backend.peek_shared(key.digest(), value_type).is_none());
    // Whatever they answer, where they came to is what is asked.
    let _ = backend.get_now(&key, value_type);
    let _ = backend.set_now(&key, entry, Clock::system().now());
    let _ = backend.delete_now(&key);
    assert!(backend.fence().is_some());
    assert!(backend.clock().is_some());
    assert!(backend.changes().is_none());
    let arrived = recorder.0.lock().unwrap();
    arrived.clone()
}

/// The methods of the trait, from its source.
fn methods() -> BTreeSet<&'static str> {
    let source = include_str!("../src/backend/mod.rs");
    let (_, from) = source.split_once("pub trait Backend").unwrap();
    let (body, _) = from.split_once("\n}\n").unwrap();
    let methods = body.lines().filter_map(|line| line.strip_prefix("    fn "));
    methods
        .map(|line| line.split(['(', '<']).next().unwrap())
        .collect()
}

#[test]
fn a_backend_behind_a_pointer_gets_every_call() {
    let recorder = Recorder::default();
    let any = AnyBackend::new(recorder.clone());
    assert_eq!(arrived(&recorder, &any), methods());
    assert!(any.downcast_ref::<Recorder>().is_some());
    let twice = AnyBackend::new(any);
    assert!(twice.downcast_ref::<Recorder>().is_some(), "wrapped twice");
}

#[test]
fn a_backend_that_is_made_to_fail_gets_every_call() {
    let recorder = Recorder::default();
    let faulty = FaultyBackend::new(recorder.clone());
    let mut arrived = arrived(&recorder, &faulty);
    // Asked once, when it was wrapped.
    arrived.insert("info");
    // Of what fails nobody keeps copies, and it may hang: each operation is to come through it.
    for around in ["changes", "get_now", "set_now", "delete_now"] {
        assert!(arrived.insert(around), "{around}");
    }
    assert_eq!(arrived, methods());
    let calls = faulty.faults().all_calls();
    assert_eq!(
        calls,
        methods().len() as u64 - 7,
        "all but `info`, `fence`, `clock` and those around it are counted"
    );
}
