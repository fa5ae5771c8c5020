//! Where the work is done, and what happens when nobody waits for it any more.

use std::collections::HashSet;
use std::fs;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::task::{Context, Waker};
use std::thread::{self, ThreadId};

use cachestack_backends::runtime::pool;
use cachestack_backends::{Backend, ErrorKind, FileBackend, ValueType};
use serde::{Deserialize, Serialize, Serializer};

use super::{
    block_on, entry, eventually, exists, files_in, folder, get, key, open, place, plant_ended, set,
    stats, temps_in, text,
};

/// Polls once, and says whether it is done.
fn poll<F: Future>(future: &mut Pin<Box<F>>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    future.as_mut().poll(&mut context).is_ready()
}

/// Holds up whoever wants to pass while it is closed.
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
    waiting: AtomicUsize,
}

impl Gate {
    const fn new() -> Self {
        Self {
            closed: Mutex::new(true),
            opened: Condvar::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    fn pass(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let closed = self.closed.lock().unwrap();
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.opened.notify_all();
    }
}

/// Gives each thread of the pool something to do until the gate opens, so that the next job has to wait.
fn hold_all_threads(busy: &'static Gate) {
    for _ in 0..4 {
        pool().spawn(|| busy.pass()).unwrap();
    }
    eventually("the pool is busy", || {
        busy.waiting.load(Ordering::SeqCst) == 4
    });
}

/// Which threads wrote values, so many at most.
static WRITERS: Mutex<Vec<ThreadId>> = Mutex::new(Vec::new());

#[derive(Clone, Deserialize)]
struct Traced(u32);

impl Serialize for Traced {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WRITERS.lock().unwrap().push(thread::current().id());
        serializer.serialize_newtype_struct("Traced", &self.0)
    }
}

#[test]
fn sync_callers_do_it_themselves_and_async_ones_leave_many_to_one_job() {
    let folder = folder();
    let files = open(folder.path());
    let writers = || -> HashSet<ThreadId> { WRITERS.lock().unwrap().drain(..).collect() };
    let me = HashSet::from([thread::current().id()]);
    set(&files, &key("k"), Traced(1));
    assert_eq!(writers(), me);
    let many = || {
        (0..50)
            .map(|i| (key(&i.to_string()), entry(Traced(i))))
            .collect()
    };
    futures_executor::block_on(files.set_many(many())).unwrap();
    let others = writers();
    assert!(others.len() == 1 && others.is_disjoint(&me), "{others:?}");
}

#[test]
fn every_operation_works_in_any_executor() {
    let folder = folder();
    let files = open(folder.path());
    futures_executor::block_on(async {
        let [a, b] = ["a", "b"].map(key);
        files.set(&a, entry(1)).await.unwrap();
        files.set_many(vec![(b.clone(), entry(2))]).await.unwrap();
        let found = files.get(&a, ValueType::of::<i32>()).await.unwrap();
        assert_eq!(found.hit().unwrap().value(), Some(&1));
        let both = [b.clone(), a.clone()];
        let found = files
            .get_many(&super::wanting(&both, ValueType::of::<i32>()))
            .await
            .unwrap();
        assert!(found.iter().all(|lookup| lookup.is_hit()));
        assert!(files.exists(&a).await.unwrap());
        files.ttl(&a).await.unwrap();
        assert_eq!(files.stats().await.unwrap().entries, Some(2));
        assert_eq!(files.purge_expired(a.namespace()).await.unwrap(), 0);
        files.delete(&a).await.unwrap();
        files.delete_many(&both).await.unwrap();
        files.clear(a.namespace()).await.unwrap();
        files.close().await.unwrap();
    });
    assert!(files_in(folder.path()).is_empty());
}

static SLOW: Gate = Gate::new();
static SLOW_DROPPED: AtomicUsize = AtomicUsize::new(0);

/// A value that takes its time to be written.
#[derive(Clone, Deserialize)]
struct Slow(u32);

impl Serialize for Slow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SLOW.pass();
        serializer.serialize_newtype_struct("Slow", &self.0)
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        SLOW_DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_set_that_is_dropped_on_its_way_never_takes_effect() {
    let folder = folder();
    let files = open(folder.path());
    set(&files, &key("k"), String::from("old"));
    let writing = key("k");
    let mut future = Box::pin(files.set(&writing, entry(Slow(1))));
    assert!(!poll(&mut future));
    eventually("the job is at work", || {
        SLOW.waiting.load(Ordering::SeqCst) == 1
    });
    drop(future);
    block_on(files.delete(&key("k"))).unwrap();
    // Samples of the type were made and dropped before.
    let dropped = SLOW_DROPPED.load(Ordering::SeqCst);
    SLOW.open();
    // The job has the value, and nothing is left to do when it lets it go.
    eventually("the job is over", || {
        SLOW_DROPPED.load(Ordering::SeqCst) > dropped
    });
    assert!(!exists(&files, &key("k")));
    assert!(files_in(folder.path()).is_empty());
    assert_eq!(stats(&files).writes, 1);
}

#[test]
fn sets_dropped_at_any_moment_took_effect_before_or_never_do() {
    let folder = folder();
    let files = open(folder.path());
    let keys: Vec<_> = (0..400).map(|i| key(&i.to_string())).collect();
    for (i, key) in keys.iter().enumerate() {
        let mut future = Box::pin(files.set(key, entry(i)));
        poll(&mut future);
        for _ in 0..i % 40 {
            thread::yield_now();
        }
        drop(future);
        block_on(files.delete(key)).unwrap();
    }
    // Whatever is queued still gets its turn before this.
    futures_executor::block_on(files.stats()).unwrap();
    eventually("no job is writing", || temps_in(folder.path()).is_empty());
    assert!(files_in(folder.path()).is_empty());
}

#[test]
fn a_delete_that_is_dropped_before_its_turn_never_takes_effect() {
    static BUSY: Gate = Gate::new();

    let folder = folder();
    let files = open(folder.path());
    set(&files, &key("k"), 1);
    hold_all_threads(&BUSY);
    let deleting = [key("k"), key("other")];
    let mut one = Box::pin(files.delete(&deleting[0]));
    let mut many = Box::pin(files.delete_many(&deleting));
    assert!(!poll(&mut one) && !poll(&mut many));
    drop((one, many));
    BUSY.open();
    eventually("they had their turn", || {
        BUSY.waiting.load(Ordering::SeqCst) == 0
    });
    futures_executor::block_on(files.stats()).unwrap();
    assert_eq!(get(&files, &key("k")), Some(1));
}

#[derive(Clone, Deserialize)]
struct Panics(u32);

impl Serialize for Panics {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("{}", self.0)
    }
}

#[test]
fn a_value_that_panics_is_an_error_in_place_and_on_the_pool() {
    let folder = folder();
    let files: FileBackend = open(folder.path());
    set(&files, &key("k"), 1);
    let in_place = block_on(files.set(&key("k"), entry(Panics(1)))).unwrap_err();
    let on_pool = futures_executor::block_on(files.set(&key("k"), entry(Panics(2)))).unwrap_err();
    for error in [in_place, on_pool] {
        assert_eq!(error.kind(), ErrorKind::Serialization, "{error}");
    }
    assert_eq!(get(&files, &key("k")), Some(1));
    assert_eq!(stats(&files).errors, 2);
}

/// Tells the other threads that it is over, in whichever way.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn what_was_deleted_never_comes_back_while_others_free_what_has_ended() {
    let folder = folder();
    let files = open(folder.path());
    let key = key("k");
    plant_ended(folder.path(), &key);
    let path = place(folder.path(), &key);
    let (ended, spare) = (fs::read(&path).unwrap(), folder.path().join("spare"));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _over = Over(&over);
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    get::<String>(&files, &key);
                }
            });
        }
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                fs::write(&spare, &ended).unwrap();
                fs::rename(&spare, &path).unwrap();
            }
        });
        for round in 0..3_000 {
            set(&files, &key, round.to_string());
            block_on(files.delete(&key)).unwrap();
            assert_eq!(text(&files, &key), None, "in round {round}");
        }
    });
    assert_eq!(stats(&files).errors, 0);
}

#[test]
fn sets_do_not_fail_while_others_clear() {
    let folder = folder();
    let files = open(folder.path());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let _over = Over(&over);
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                block_on(files.clear(key("k").namespace())).unwrap();
            }
        });
        for round in 0..2_000 {
            set(&files, &key("k"), round);
        }
    });
    set(&files, &key("k"), 1);
    assert_eq!(get(&files, &key("k")), Some(1));
    assert!(temps_in(folder.path()).is_empty());
}

/// Asks for more than the library's pool takes.
pub(super) fn flood(directory: &Path) {
    static BUSY: Gate = Gate::new();

    let files = open(directory);
    set(&files, &key("k"), String::from("old"));
    hold_all_threads(&BUSY);
    while pool().spawn(|| BUSY.pass()).is_ok() {}
    let refused = futures_executor::block_on(files.set(&key("k"), entry(1))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    assert!(refused.message().contains("does not keep up"), "{refused}");
    assert_eq!(
        text(&files, &key("k")).unwrap(),
        "old",
        "in place it still works"
    );
    BUSY.open();
}

#[test]
fn a_pool_without_room_is_an_error_at_once() {
    let folder = folder();
    super::processes::apart("flood", folder.path());
    assert_eq!(files_in(folder.path()).len(), 1);
}
