//! Generations in stores that fail, lose things, and have other processes on them.

use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::testing::{Fault, Faults, FaultyBackend, Method};
use cachestack_backends::{
    Backend, Clock, Codec, ErrorKind, Layer, MemoryBackend, TieredCache, ValueType, WriteStrategy,
};

use super::generations::{about_to_compute, get, invalidate, set, space, store, tag};
use super::shelf::Shelf;
use super::support::{MINUTE, begin, key, soon};
use super::{Stack, until};

const AWAY: Fault = Fault::Refuse;

/// One store, and processes on it, each with a clock of its own.
#[derive(Default)]
struct Store(Shelf);

struct Process {
    stack: TieredCache,
    memory: MemoryBackend,
    faults: Faults,
}

impl Store {
    fn process(&self, clock: Clock, strategy: WriteStrategy) -> Process {
        let memory = MemoryBackend::builder().clock(clock.clone());
        let memory = memory.build().unwrap();
        let mut shelf = self.0.clone();
        shelf.clock = clock.clone();
        let shared = FaultyBackend::new(shelf).with_info(|info| info.shared(true).detached(true));
        let faults = shared.faults();
        let below = Layer::new(shared).deadline(Duration::from_millis(300));
        let builder = TieredCache::builder().clock(clock).write_strategy(strategy);
        let stack = builder.layer(memory.clone()).layer(below).build().unwrap();
        Process {
            stack,
            memory,
            faults,
        }
    }

    fn through(&self) -> Process {
        self.process(Clock::system(), WriteStrategy::WriteThrough)
    }

    /// Loses the numbers of all generations.
    fn lose_numbers(&self) -> usize {
        self.0.evict(|stored| stored.starts_with("%g:"))
    }
}

impl Process {
    /// As memory may do at any time.
    fn forget(&self) {
        soon(self.memory.clear(&space())).unwrap();
    }
}

#[test]
fn another_process_sees_an_invalidation_with_its_next_look_up_below() {
    let store = Store::default();
    let ours = store.through();
    // Minutes in the future, and it stands still.
    let clock = Clock::manual();
    clock.advance(10 * MINUTE);
    let theirs = store.process(clock.clone(), WriteStrategy::WriteThrough);
    set(&ours.stack, "a", 1, &["red"]);
    set(&ours.stack, "b", 2, &[]);
    assert_eq!(
        ["a", "b"].map(|it| get(&theirs.stack, it)),
        [Some(1), Some(2)]
    );
    invalidate(&ours.stack, "red");
    assert_eq!(get(&ours.stack, "a"), None);
    // What their memory has is theirs for a while.
    assert_eq!(get(&theirs.stack, "a"), Some(1));
    clock.advance(MINUTE / 2);
    assert_eq!(get(&theirs.stack, "a"), None);
    set(&theirs.stack, "a", 3, &["red"]);
    assert_eq!(get(&ours.stack, "a"), Some(3));
    soon(theirs.stack.clear(&space())).unwrap();
    ours.forget();
    assert_eq!(["a", "b"].map(|it| get(&ours.stack, it)), [None, None]);
}

#[test]
fn what_another_process_invalidated_during_a_computation_is_nobodys() {
    let shared = Store::default();
    let (ours, theirs) = (shared.through(), shared.through());
    let passage = about_to_compute(&ours.stack, "a", &["red"]);
    invalidate(&theirs.stack, "red");
    store(&ours.stack, "a", 1, &passage);
    assert_eq!(get(&theirs.stack, "a"), None);
    ours.forget();
    // Who names the tag asks for its number, whatever was read before.
    let _ = about_to_compute(&ours.stack, "a", &["red"]);
}

#[test]
fn a_restart_changes_nothing() {
    let store = Store::default();
    let before = store.through();
    set(&before.stack, "a", 1, &["red"]);
    set(&before.stack, "b", 2, &["blue"]);
    invalidate(&before.stack, "red");
    drop(before);
    let after = store.through();
    assert_eq!(["a", "b"].map(|it| get(&after.stack, it)), [None, Some(2)]);
    invalidate(&after.stack, "blue");
    assert_eq!(get(&store.through().stack, "b"), None);
}

#[test]
fn numbers_that_the_store_lost_cost_misses_and_bring_nothing_back() {
    let store = Store::default();
    let process = store.through();
    set(&process.stack, "a", 1, &["red"]);
    set(&process.stack, "b", 2, &["red"]);
    invalidate(&process.stack, "red");
    assert_eq!(store.lose_numbers(), 2);
    for _ in 0..2 {
        process.forget();
        assert_eq!(["a", "b"].map(|it| get(&process.stack, it)), [None, None]);
        assert_eq!(
            ["a", "b"].map(|it| get(&store.through().stack, it)),
            [None, None]
        );
        let passage = about_to_compute(&process.stack, "c", &["red"]);
        assert!(self::store(&process.stack, "c", 3, &passage));
        assert_eq!(get(&store.through().stack, "c"), Some(3));
        assert!(store.lose_numbers() > 0);
    }
}

#[test]
fn a_number_that_was_not_written_is_not_relied_on_and_is_told_later() {
    for fault in [
        AWAY,
        Fault::Fail(ErrorKind::Unavailable),
        Fault::Lose(ErrorKind::Timeout),
    ] {
        let store = Store::default();
        let process = store.through();
        set(&process.stack, "a", 1, &["red"]);
        for method in super::CHANGES {
            process.faults.inject(method, fault);
        }
        soon(process.stack.invalidate(&space(), &tag("red"))).unwrap_err();
        process.forget();
        assert_eq!(get(&process.stack, "a"), None, "{fault:?}");
        assert!(!soon(process.stack.exists(&key("a"))).unwrap());
        process.faults.heal();
        soon(process.stack.flush()).unwrap();
        process.forget();
        assert_eq!(get(&process.stack, "a"), None, "{fault:?}, told");
        assert_eq!(
            get(&store.through().stack, "a"),
            None,
            "{fault:?}, elsewhere"
        );
        let passage = about_to_compute(&process.stack, "a", &["red"]);
        assert!(self::store(&process.stack, "a", 2, &passage));
        assert_eq!(get(&store.through().stack, "a"), Some(2), "{fault:?}");
    }
}

#[test]
fn while_numbers_cannot_be_read_memory_alone_keeps_what_is_computed() {
    let store = Store::default();
    let process = store.through();
    process.faults.inject_all(AWAY);
    let passage = {
        let mut passage = process.stack.passage_depending(&key("a"), &tag("red"));
        let (a, value_type) = (key("a"), ValueType::of::<u64>());
        let looking = process.stack.look_up(&a, value_type, &mut passage);
        assert!(soon(looking).is_ok_and(|found| !found.is_hit()));
        passage
    };
    assert!(self::store(&process.stack, "a", 1, &passage));
    assert_eq!(get(&process.stack, "a"), Some(1));
    soon(process.stack.invalidate(&space(), &tag("red"))).unwrap_err();
    assert_eq!(get(&process.stack, "a"), None);
    process.faults.heal();
    soon(process.stack.flush()).unwrap();
    assert_eq!(get(&process.stack, "a"), None);
    assert_eq!(get(&store.through().stack, "a"), None);
}

#[test]
fn a_value_set_while_numbers_cannot_be_read_replaces_what_was_there() {
    let store = Store::default();
    let process = store.through();
    set(&process.stack, "a", 1, &[]);
    let fresh = store.through();
    fresh.faults.inject_all(AWAY);
    let entry = cachestack_backends::Entry::new(2_u64, fresh.stack.clock().now());
    soon(fresh.stack.set(&key("a"), entry)).unwrap_err();
    assert_eq!(get(&fresh.stack, "a"), Some(2));
    fresh.faults.heal();
    soon(fresh.stack.flush()).unwrap();
    fresh.forget();
    assert_eq!(get(&fresh.stack, "a"), None);
}

#[test]
fn an_invalidation_during_a_look_up_below_wins_over_its_copy() {
    for together in [true, false] {
        let store = Store::default();
        let process = store.through();
        set(&process.stack, "a", 1, &["red"]);
        process.forget();
        process.faults.inject(Method::GetMany, Fault::HangAfter);
        let stack = process.stack.clone();
        let looking = begin(async move {
            let on = tag("red");
            let mut passage = match together {
                true => stack.passage_depending(&key("a"), &on),
                // The tag is found in the entry only.
                false => stack.passage(&key("a")),
            };
            let value_type = ValueType::of::<u64>();
            stack.look_up(&key("a"), value_type, &mut passage).await
        });
        soon(process.faults.until_hanging(Method::GetMany));
        invalidate(&process.stack, "red");
        process.faults.heal();
        // Who asked before may get what was there before; nobody else does.
        let _ = looking.join().unwrap().unwrap();
        assert_eq!(get(&process.stack, "a"), None, "together: {together}");
    }
}

#[test]
fn an_invalidation_during_a_set_wins_in_every_layer() {
    let store = Store::default();
    let process = store.through();
    set(&process.stack, "warm", 0, &["red"]);
    process.faults.inject(Method::Set, Fault::HangAfter);
    let stack = process.stack.clone();
    let setting = begin(async move {
        let entry = cachestack_backends::Entry::new(1_u64, stack.clock().now());
        stack.set_depending(&key("a"), entry, &tag("red")).await
    });
    soon(process.faults.until_hanging(Method::Set));
    invalidate(&process.stack, "red");
    process.faults.heal();
    let _ = setting.join().unwrap();
    assert_eq!(get(&process.stack, "a"), None);
    process.forget();
    assert_eq!(get(&process.stack, "a"), None);
    assert_eq!(get(&store.through().stack, "a"), None);
}

#[test]
fn an_invalidation_wins_over_what_waits_to_be_written_back() {
    let store = Store::default();
    let process = store.process(Clock::system(), WriteStrategy::WriteBack);
    process
        .faults
        .inject(Method::SetMany, Fault::Fail(ErrorKind::Unavailable));
    process
        .faults
        .inject(Method::Set, Fault::Fail(ErrorKind::Unavailable));
    set(&process.stack, "a", 1, &["red"]);
    set(&process.stack, "b", 2, &["blue"]);
    process.forget();
    assert_eq!(get(&process.stack, "a"), Some(1), "what waits answers");
    invalidate(&process.stack, "red");
    process.forget();
    assert_eq!(
        ["a", "b"].map(|it| get(&process.stack, it)),
        [None, Some(2)]
    );
    process.faults.heal();
    soon(process.stack.flush()).unwrap();
    process.forget();
    assert_eq!(
        ["a", "b"].map(|it| get(&process.stack, it)),
        [None, Some(2)]
    );
    assert_eq!(
        ["a", "b"].map(|it| get(&store.through().stack, it)),
        [None, Some(2)]
    );
}

#[test]
fn numbers_come_back_up_from_a_lower_store() {
    let shelves = [(); 2].map(|()| Shelf::new(Codec::Postcard, Clock::system()));
    let stack = || {
        let shared = |shelf: &Shelf| {
            FaultyBackend::new(shelf.clone()).with_info(|info| info.shared(true).detached(true))
        };
        let builder = TieredCache::builder().layer(shared(&shelves[0]));
        builder.layer(shared(&shelves[1])).build().unwrap()
    };
    let first = stack();
    set(&first, "a", 1, &["red"]);
    set(&first, "b", 2, &["blue"]);
    invalidate(&first, "red");
    assert!(shelves[0].evict(|_| true) > 0);
    let second = stack();
    assert_eq!(["a", "b"].map(|it| get(&second, it)), [None, Some(2)]);
    soon(second.flush()).unwrap();
    assert_eq!(shelves[0].evict(|stored| stored.starts_with("%g:")), 3);
}

#[test]
fn a_number_above_another_store_ends_after_a_day_and_comes_up_again() {
    let clock = Clock::manual();
    let shared = |_: usize| {
        let shelf = Shelf::new(Codec::Postcard, clock.clone());
        FaultyBackend::new(shelf).with_info(|info| info.shared(true).detached(true))
    };
    let layers = [0, 1].map(shared);
    let below = layers[1].faults();
    let builder = TieredCache::builder().clock(clock.clone());
    let [upper, lower] = layers;
    let stack = builder.layer(upper).layer(lower).build().unwrap();
    set(&stack, "a", 1, &["red"]);
    let asked_below = || {
        below.forget_calls();
        assert_eq!(get(&stack, "a"), Some(1));
        soon(stack.flush()).unwrap();
        below.all_calls() > 0
    };
    assert!(!asked_below());
    clock.advance(25 * 60 * MINUTE);
    assert_eq!([asked_below(), asked_below()], [true, false]);
    invalidate(&stack, "red");
    assert_eq!(get(&stack, "a"), None);
}

#[test]
fn one_look_up_asks_a_store_once_for_the_entry_and_all_numbers() {
    let store = Store::default();
    let process = store.through();
    set(&process.stack, "a", 1, &["red", "blue"]);
    process.forget();
    process.faults.forget_calls();
    let on = ["red", "blue"].map(cachestack_backends::Dependency::tag);
    let mut passage = process.stack.passage_depending(&key("a"), &on);
    let (a, value_type) = (key("a"), ValueType::of::<u64>());
    let looking = process.stack.look_up(&a, value_type, &mut passage);
    assert!(soon(looking).unwrap().is_hit());
    assert_eq!(process.faults.all_calls(), 1);
    // Without the tags they are found in the entry; they were read a moment ago.
    process.forget();
    assert_eq!(get(&process.stack, "a"), Some(1));
    assert_eq!(process.faults.all_calls(), 2);
    let fresh = store.through();
    assert_eq!(get(&fresh.stack, "a"), Some(1));
    assert_eq!(fresh.faults.all_calls(), 2);
}

#[test]
fn what_the_look_ups_of_a_store_count_are_those_of_callers() {
    let stack = Stack::above(|it| it);
    set(&stack.tiered, "a", 1, &["red"]);
    stack.evict("a");
    assert_eq!(get(&stack.tiered, "a"), Some(1));
    let stats = stack.all.stats();
    assert_eq!((stats.hits, stats.writes), (1, 1));
    assert_eq!(stats.layers[0].backfills, 1);
}

#[test]
fn concurrent_computations_make_one_number() {
    let store = Arc::new(Store::default());
    for _ in 0..20 {
        let process = store.through();
        assert_eq!(store.0.evict(|_| true) % 2, 0);
        let stored: Vec<bool> = std::thread::scope(|scope| {
            let one = |number: u64| {
                let stack = process.stack.clone();
                scope.spawn(move || {
                    let text = format!("k{number}");
                    let passage = about_to_compute(&stack, &text, &["red"]);
                    self::store(&stack, &text, number, &passage)
                })
            };
            let running: Vec<_> = (0..4).map(one).collect();
            running.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert_eq!(stored, [true; 4]);
        until(|| (0..4).all(|it| get(&process.stack, &format!("k{it}")) == Some(it)));
        invalidate(&process.stack, "red");
        process.forget();
        assert!((0..4).all(|it| get(&process.stack, &format!("k{it}")).is_none()));
    }
}
