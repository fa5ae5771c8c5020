//! What was invalidated while it was under way is stored nowhere.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use cachestack_backends::testing::{Fault, FaultyBackend, Method};
use cachestack_backends::{
    AnyBackend, Backend, Clock, MemoryBackend, Namespace, Passage, Result, TieredCache, ValueType,
};

use super::support::{Desk, begin, key, numbers, soon, wanting};
use super::{Stack, as_is};

type Call = fn(TieredCache, Desk) -> Result<()>;

/// What voids everything under `k` that began before it; those that come first leave nothing there.
const INVALIDATIONS: [(&str, Call); 3] = [
    ("delete", |it, _| soon(it.delete(&key("k")))),
    ("delete_many", |it, _| {
        soon(it.delete_many(&["other", "k", "k"].map(key)))
    }),
    ("clear", |it, _| soon(it.clear(&Namespace::new("test")))),
];
/// And these leave the value 2.
const OVERWRITES: [(&str, Call); 2] = [
    ("set", |it, desk| soon(it.set(&key("k"), desk.entry(2_u64)))),
    ("set_many", |it, desk| {
        let entries = ["other", "k"].map(|text| (key(text), desk.entry(2_u64)));
        soon(it.set_many(entries.into()))
    }),
];

fn all_calls() -> impl Iterator<Item = (&'static str, Call, Option<u64>)> {
    let invalidations = INVALIDATIONS
        .into_iter()
        .map(|(name, call)| (name, call, None));
    let overwrites = OVERWRITES
        .into_iter()
        .map(|(name, call)| (name, call, Some(2)));
    invalidations.chain(overwrites)
}

/// Waits until something has voided the token.
pub(super) fn until_void(passage: &Passage) {
    soon(async {
        while passage.is_current() {
            cachestack_backends::runtime::sleep(Duration::from_millis(1)).await;
        }
    });
}

fn expect_everywhere(stack: &Stack, value: Option<u64>, name: &str) {
    if name == "clear" {
        // What comes late into a layer is as good as gone there.
        assert_eq!(stack.all.get::<u64>("k"), value, "after {name}");
        return;
    }
    for (index, layer) in stack.layers.iter().enumerate() {
        assert_eq!(layer.get::<u64>("k"), value, "layer {index} after {name}");
    }
}

#[test]
fn an_invalidation_during_a_look_up_below_wins_over_its_copy() {
    for (name, call, left) in all_calls() {
        for many in [false, true] {
            let usual = Stack::usual();
            let slow = Stack::of().shelf(as_is).shelf(as_is).build();
            let off_path = Stack::of()
                .shelf(|info| info.detached(true))
                .shelf(|info| info.detached(true))
                .build();
            for stack in [usual, slow, off_path] {
                invalidate_during_look_up(&stack, many, name, call, left);
            }
        }
    }
}

fn invalidate_during_look_up(stack: &Stack, many: bool, name: &str, call: Call, left: Option<u64>) {
    let below = if many { Method::GetMany } else { Method::Get };
    stack.layers[1].set("k", 1_u64);
    stack.faults[1].inject(below, Fault::HangAfter);
    let (tiered, value_type) = (stack.tiered.clone(), ValueType::of::<u64>());
    let looking = begin(async move {
        match many {
            true => tiered
                .get_many(&wanting(["k", "nothing"].map(key), value_type))
                .await
                .unwrap()
                .remove(0),
            false => tiered.get(&key("k"), value_type).await.unwrap(),
        }
    });
    soon(stack.faults[1].until_hanging(below));
    call(stack.tiered.clone(), stack.all.clone()).unwrap();
    stack.faults[1].heal();
    // Who asked before gets what was there before.
    let found = looking.join().unwrap().hit().unwrap();
    assert_eq!(found.value(), Some(&1_u64));
    soon(stack.tiered.flush()).unwrap();
    expect_everywhere(stack, left, name);
    let stats = stack.all.stats();
    assert_eq!((stats.fenced, stats.backfills), (1, 0), "{name}: {stats}");
}

#[test]
fn an_invalidation_during_a_stores_lower_write_wins() {
    for (name, call, left) in all_calls() {
        for hang in [Fault::Hang, Fault::HangAfter] {
            let stack = Stack::usual();
            let token = stack.tiered.passage(&key("k"));
            let watching = stack.tiered.passage(&key("k"));
            stack.faults[1].inject(Method::Set, hang);
            let (tiered, entry) = (stack.tiered.clone(), stack.all.entry(1_u64));
            let storing = begin(async move { tiered.store(&key("k"), entry, &token).await });
            soon(stack.faults[1].until_hanging(Method::Set));
            let (tiered, desk) = (stack.tiered.clone(), stack.all.clone());
            let calling = thread::spawn(move || call(tiered, desk));
            until_void(&watching);
            stack.faults[1].heal();
            assert!(
                !storing.join().unwrap().unwrap(),
                "stored in spite of {name}"
            );
            calling.join().unwrap().unwrap();
            expect_everywhere(&stack, left, name);
            assert_eq!(stack.all.stats().fenced, 1);
        }
    }
}

#[test]
fn a_store_with_a_token_from_before_an_invalidation_is_refused() {
    for (name, call, left) in all_calls() {
        let stack = Stack::usual();
        let token = stack.tiered.passage(&key("k"));
        call(stack.tiered.clone(), stack.all.clone()).unwrap();
        let stored = soon(
            stack
                .tiered
                .store(&key("k"), stack.all.entry(1_u64), &token),
        );
        assert!(!stored.unwrap(), "stored in spite of {name}");
        expect_everywhere(&stack, left, name);
        let token = stack.tiered.passage(&key("k"));
        let stored = soon(
            stack
                .tiered
                .store(&key("k"), stack.all.entry(3_u64), &token),
        );
        assert!(stored.unwrap(), "a token from after {name} is good");
        expect_everywhere(&stack, Some(3), name);
    }
}

#[test]
fn of_two_stores_with_tokens_from_the_same_time_the_first_stays() {
    let stack = Stack::usual();
    let [first, second] = [(); 2].map(|()| stack.tiered.passage(&key("k")));
    assert!(
        soon(
            stack
                .tiered
                .store(&key("k"), stack.all.entry(1_u64), &first)
        )
        .unwrap()
    );
    assert!(
        !soon(
            stack
                .tiered
                .store(&key("k"), stack.all.entry(2_u64), &second)
        )
        .unwrap()
    );
    expect_everywhere(&stack, Some(1), "two stores");
}

#[test]
fn an_invalidation_wins_over_a_copy_into_a_layer_between() {
    for (name, call, left) in all_calls() {
        let stack = Stack::of()
            .memory(|it| it)
            .shelf(|info| info.detached(true))
            .shelf(|info| info.detached(true))
            .build();
        let watching = stack.tiered.passage(&key("k"));
        stack.layers[2].set("k", 1_u64);
        stack.faults[1].inject(Method::Set, Fault::Hang);
        stack.all.get::<u64>("k").unwrap();
        soon(stack.faults[1].until_hanging(Method::Set));
        let (tiered, desk) = (stack.tiered.clone(), stack.all.clone());
        let calling = thread::spawn(move || call(tiered, desk));
        until_void(&watching);
        stack.faults[1].heal();
        calling.join().unwrap().unwrap();
        soon(stack.tiered.flush()).unwrap();
        expect_everywhere(&stack, left, name);
    }
}

#[test]
fn stacks_that_share_a_fence_void_each_others_copies() {
    let clock = Clock::manual();
    let store = MemoryBackend::builder()
        .clock(clock.clone())
        .build()
        .unwrap();
    let stack = || {
        let lower = FaultyBackend::new(store.clone()).with_info(|info| info.immediate(false));
        let upper = MemoryBackend::builder()
            .clock(clock.clone())
            .build()
            .unwrap();
        let builder = TieredCache::builder()
            .clock(clock.clone())
            .shared_fence(true);
        let tiered = builder
            .layer(upper.clone())
            .layer(lower.clone())
            .build()
            .unwrap();
        (tiered, Desk::new(&upper, &clock), lower.faults())
    };
    let (ours, our_memory, our_faults) = stack();
    let (theirs, _, _) = stack();
    Desk::new(&store, &clock).set("k", 1_u64);
    our_faults.inject(Method::GetMany, Fault::HangAfter);
    let tiered = ours.clone();
    let looking = begin(async move { tiered.get(&key("k"), ValueType::of::<u64>()).await });
    soon(our_faults.until_hanging(Method::GetMany));
    soon(theirs.delete(&key("k"))).unwrap();
    our_faults.heal();
    assert!(looking.join().unwrap().unwrap().is_hit());
    assert!(!our_memory.has("k"));
    assert_eq!(store.fence().unwrap().watched(), 0);
}

#[test]
fn writing_several_keys_while_everything_is_cleared_comes_to_an_end() {
    let stack = Stack::usual();
    // One key is held up, so that `set_many` has some of its locks when `clear` comes.
    for held in ["a", "b", "c", "d"] {
        stack.faults[1].inject(Method::Set, Fault::Hang);
        let (tiered, entry) = (stack.tiered.clone(), stack.all.entry(1_u64));
        let holding = begin(async move { tiered.set(&key(held), entry).await });
        soon(stack.faults[1].until_hanging(Method::Set));
        let (tiered, desk) = (stack.tiered.clone(), stack.all.clone());
        let setting = begin(async move {
            let entries = ["a", "b", "c", "d"].map(|text| (key(text), desk.entry(2_u64)));
            tiered.set_many(entries.into()).await
        });
        thread::sleep(Duration::from_millis(20));
        let token = stack.tiered.passage(&key("z"));
        let tiered = stack.tiered.clone();
        let clearing = begin(async move { tiered.clear(&Namespace::new("test")).await });
        until_void(&token);
        thread::sleep(Duration::from_millis(20));
        stack.faults[1].heal();
        for running in [holding, setting, clearing] {
            running.join().unwrap().unwrap();
        }
    }
}

#[test]
fn a_dropped_set_never_takes_effect_below() {
    let stack = Stack::usual();
    stack.faults[1].inject(Method::Set, Fault::Hang);
    poll_and_drop(stack.tiered.set(&key("k"), stack.all.entry(1_u64)), 3);
    let token = stack.tiered.passage(&key("k"));
    poll_and_drop(
        stack
            .tiered
            .store(&key("k"), stack.all.entry(1_u64), &token),
        3,
    );
    stack.all.delete("k");
    stack.faults[1].heal();
    expect_everywhere(&stack, None, "dropped sets");
    // And leaves no lock behind.
    stack.all.set("k", 2_u64);
    soon(stack.tiered.clear(&Namespace::new("test"))).unwrap();
    expect_everywhere(&stack, None, "clear");
}

fn poll_and_drop(future: impl Future, times: usize) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if future.as_mut().poll(&mut context).is_ready() {
            return;
        }
        thread::yield_now();
    }
}

#[test]
fn a_write_that_is_dropped_half_way_leaves_nothing_older_on_top() {
    type Dropped = fn(&Stack);
    let calls: [(Method, Dropped, Option<u64>); 5] = [
        (
            Method::Set,
            |it| poll_and_drop(it.tiered.set(&key("k"), it.all.entry(2_u64)), 1),
            Some(2),
        ),
        (
            Method::SetMany,
            |it| {
                let entries = vec![(key("k"), it.all.entry(2_u64))];
                poll_and_drop(it.tiered.set_many(entries), 1);
            },
            Some(2),
        ),
        (
            Method::Delete,
            |it| poll_and_drop(it.tiered.delete(&key("k")), 1),
            None,
        ),
        (
            Method::DeleteMany,
            |it| {
                poll_and_drop(it.tiered.delete_many(&["k", "other"].map(key)), 1);
            },
            None,
        ),
        (
            Method::Clear,
            |it| poll_and_drop(it.tiered.clear(&Namespace::new("test")), 1),
            None,
        ),
    ];
    for (method, call_and_drop, below) in calls {
        for hang in [Fault::Hang, Fault::HangAfter] {
            let stack = Stack::usual();
            stack.all.set("k", 1_u64);
            stack.faults[1].inject(method, hang);
            call_and_drop(&stack);
            // A clear has happened before the layers free what they hold.
            let undone = hang == Fault::Hang && method != Method::Clear;
            let expected = if undone { Some(1) } else { below };
            assert_eq!(
                stack.all.get("k"),
                expected,
                "{method:?} dropped at {hang:?}"
            );
        }
    }
}

#[test]
fn what_is_read_during_a_deletion_does_not_stay_on_top_be_it_finished_or_dropped() {
    let keys = ["k", "other"].map(key);
    let methods = [Method::Delete, Method::DeleteMany, Method::Clear];
    for (method, finished) in methods.iter().flat_map(|it| [(*it, true), (*it, false)]) {
        let stack = Stack::usual();
        let space = Namespace::new("test");
        stack.all.set("k", 1_u64);
        let mut deleting: Pin<Box<dyn Future<Output = Result<()>>>> = match method {
            Method::Delete => Box::pin(stack.tiered.delete(&keys[0])),
            Method::DeleteMany => Box::pin(stack.tiered.delete_many(&keys)),
            _ => Box::pin(stack.tiered.clear(&space)),
        };
        let mut context = Context::from_waker(Waker::noop());
        stack.faults[1].inject(method, Fault::Hang);
        assert!(deleting.as_mut().poll(&mut context).is_pending());
        let there = (method != Method::Clear).then_some(1_u64);
        assert_eq!(stack.all.get("k"), there);
        assert_eq!(stack.layers[0].has("k"), there.is_some());
        stack.faults[1].inject(method, Fault::HangAfter);
        assert!(deleting.as_mut().poll(&mut context).is_pending());
        assert!(!stack.layers[1].has("k"));
        match finished {
            true => {
                stack.faults[1].heal();
                soon(deleting).unwrap();
            }
            false => drop(deleting),
        }
        assert_eq!(stack.all.get::<u64>("k"), None, "after {method:?}");
    }
}

#[test]
fn after_any_turmoil_no_layer_disagrees_and_the_fence_watches_nothing() {
    let clock = Clock::manual();
    let memory = || {
        MemoryBackend::builder()
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    let (top, store) = (memory(), memory());
    // Not immediate, and now and then a little late, so that tasks come between each other.
    let lower = FaultyBackend::new(store.clone()).with_info(|info| info.immediate(false));
    let middle =
        FaultyBackend::new(memory()).with_info(|info| info.immediate(false).detached(true));
    let stack = TieredCache::builder()
        .clock(clock.clone())
        .shared_fence(true);
    let stack = stack
        .layer(top.clone())
        .layer(middle.clone())
        .layer(lower.clone())
        .build()
        .unwrap();
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let (stack, clock) = (&stack, &clock);
                scope.spawn(move || turmoil(stack, clock, worker))
            })
            .collect();
        let disturber = scope.spawn(|| {
            for (round, method) in [Method::Set, Method::Get, Method::Delete]
                .iter()
                .cycle()
                .enumerate()
            {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let faults = [lower.faults(), middle.faults()];
                faults[round % 2].inject(*method, Fault::Hang);
                thread::sleep(Duration::from_micros(300));
                faults[round % 2].heal();
            }
        });
        workers
            .into_iter()
            .for_each(|worker| worker.join().unwrap());
        ended.store(true, Ordering::SeqCst);
        disturber.join().unwrap();
    });
    soon(stack.flush()).unwrap();
    let value = |backend: &AnyBackend, number: u64| {
        Desk::new(backend, &clock).get::<u64>(&format!("k{number}"))
    };
    let [top, middle, store] = [
        AnyBackend::new(top),
        AnyBackend::new(middle),
        AnyBackend::new(store),
    ];
    for number in 0..KEYS {
        let below = value(&store, number);
        for (name, upper) in [("top", &top), ("middle", &middle)] {
            let above = value(upper, number);
            assert!(
                above.is_none() || above == below,
                "{name}: {above:?} over {below:?}"
            );
        }
    }
    assert_eq!(store.fence().unwrap().watched(), 0);
}

const KEYS: u64 = 3;

/// Every operation in any order, some of them dropped half-way.
fn turmoil(stack: &TieredCache, clock: &Clock, worker: u64) {
    let desk = Desk::new(stack, clock);
    for (round, number) in numbers(worker).take(1_500).enumerate() {
        let text = format!("k{}", number % KEYS);
        let (one, value) = (key(&text), worker * 10_000 + round as u64);
        let two = [one.clone(), key(&format!("k{}", number / 7 % KEYS))];
        match number / 100 % 12 {
            0 | 1 => desk.set(&text, value),
            2 => desk.delete(&text),
            3 => {
                let token = stack.passage(&one);
                desk.get::<u64>(&text);
                soon(stack.store(&one, desk.entry(value), &token)).unwrap();
            }
            4 => drop(soon(stack.get_many(&wanting(&two, ValueType::of::<u64>()))).unwrap()),
            5 => soon(stack.set_many(two.map(|key| (key, desk.entry(value))).into())).unwrap(),
            6 => soon(stack.delete_many(&two)).unwrap(),
            7 if number % 5 == 0 => soon(stack.clear(one.namespace())).unwrap(),
            8 => poll_and_drop(stack.get(&one, ValueType::of::<u64>()), 2),
            9 => drop(stack.passage(&one)),
            _ => drop(desk.get::<u64>(&text)),
        }
    }
}
