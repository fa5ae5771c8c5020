//! Stacks of one memory are looked into and stored in at once, by the same rules.

use cachestack_backends::testing::FaultyBackend;
use cachestack_backends::{
    Backend, Clock, Dependency, Entry, Lookup, MemoryBackend, Namespace, Passage, Stats,
    TieredCache, ValueType,
};

use super::support::{key, soon};
use super::{Stack, as_is};

const U64: &ValueType = ValueType::of::<u64>();

fn memory() -> TieredCache {
    let memory = TieredCache::builder().layer(MemoryBackend::default());
    memory.build().unwrap()
}

fn function() -> Dependency {
    Dependency::function("shop::total")
}

fn begin(stack: &TieredCache) -> Passage {
    stack.passage_depending(&key("k"), &[function(), Dependency::tag("red")])
}

fn entry(stack: &TieredCache, value: u64) -> Entry {
    Entry::new(value, stack.clock().now())
}

/// Stores what was computed on a passage; says whether it was stored.
fn store(stack: &TieredCache, passage: &Passage, value: u64) -> bool {
    let (entry, now) = (entry(stack, value), stack.clock().now());
    stack
        .store_now(&key("k"), entry, passage, now)
        .unwrap()
        .unwrap()
}

fn found(stack: &TieredCache) -> Option<u64> {
    let found = soon(stack.get(&key("k"), U64)).unwrap();
    found.hit()?.value().copied()
}

/// By the stack, and by its memory.
fn counted(stack: &TieredCache) -> [(u64, u64, u64, u64); 2] {
    let stats = soon(stack.stats()).unwrap();
    let of = |it: &Stats| (it.hits, it.misses, it.writes, it.fenced);
    [of(&stats), of(&stats.layers[0])]
}

#[test]
fn what_is_done_at_once_is_found_and_counted_as_what_may_wait() {
    let (at_once, waiting) = (memory(), memory());
    for value in [1_u64, 2] {
        let mut passage = begin(&at_once);
        let looked = at_once.look_up_now(&key("k"), U64, &mut passage).unwrap();
        let mut theirs = begin(&waiting);
        let expected = soon(waiting.look_up(&key("k"), U64, &mut theirs)).unwrap();
        assert_eq!(looked.is_hit(), expected.is_hit());
        assert_eq!(passage.found_in(), theirs.found_in());
        assert!(store(&at_once, &passage, value));
        assert!(soon(waiting.store(&key("k"), entry(&waiting, value), &theirs)).unwrap());
        assert_eq!(
            (found(&at_once), found(&waiting)),
            (Some(value), Some(value))
        );
    }
    let mut passage = begin(&at_once);
    let other = at_once.look_up_now(&key("k"), ValueType::of::<String>(), &mut passage);
    assert!(matches!(other, Some(Lookup::Mismatch)));
    drop(soon(waiting.look_up(
        &key("k"),
        ValueType::of::<String>(),
        &mut begin(&waiting),
    )));
    assert_eq!(counted(&at_once), counted(&waiting));
}

#[test]
fn what_was_overtaken_is_not_stored_at_once() {
    let space = Namespace::new("test");
    type Change = fn(&TieredCache, &Namespace);
    let changes: [(&str, Change, Option<u64>); 5] = [
        ("delete", |it, _| soon(it.delete(&key("k"))).unwrap(), None),
        (
            "delete_now",
            |it, _| it.delete_now(&key("k")).unwrap(),
            None,
        ),
        (
            "set",
            |it, _| soon(it.set(&key("k"), entry(it, 2))).unwrap(),
            Some(2),
        ),
        ("clear", |it, space| soon(it.clear(space)).unwrap(), None),
        (
            "invalidate",
            |it, space| soon(it.invalidate(space, &[Dependency::tag("red")])).unwrap(),
            None,
        ),
    ];
    for (name, change, left) in changes {
        let stack = memory();
        let passage = begin(&stack);
        change(&stack, &space);
        assert!(!store(&stack, &passage, 1), "{name}");
        assert_eq!(found(&stack), left, "{name}");
        assert_eq!(soon(stack.stats()).unwrap().fenced, 1, "{name}");
    }
}

#[test]
fn what_is_stored_at_once_goes_with_what_it_depends_on() {
    let space = Namespace::new("test");
    for on in [function(), Dependency::tag("red")] {
        let stack = memory();
        assert!(store(&stack, &begin(&stack), 1));
        soon(stack.invalidate(&space, std::slice::from_ref(&on))).unwrap();
        assert_eq!(found(&stack), None, "{on:?}");
    }
    // Of a function alone, entries share it.
    let stack = memory();
    let passage = stack.passage_depending(&key("k"), &[function()]);
    assert!(store(&stack, &passage, 1));
    soon(stack.invalidate(&space, &[function()])).unwrap();
    assert_eq!(found(&stack), None);
    assert!(!store(&stack, &passage, 1));
    let passage = stack.passage_depending(&key("k"), &[function()]);
    assert!(store(&stack, &passage, 2));
    assert_eq!(found(&stack), Some(2));
}

#[test]
fn where_somebody_may_have_to_wait_nothing_is_done_at_once() {
    let over_a_shelf = Stack::of().memory(|it| it).shelf(as_is).build();
    let faulty = FaultyBackend::new(MemoryBackend::default());
    let faulty = TieredCache::builder().layer(faulty).build().unwrap();
    for stack in [&over_a_shelf.tiered, &faulty] {
        let mut passage = begin(stack);
        assert!(stack.look_up_now(&key("k"), U64, &mut passage).is_none());
    }
    let (stack, now) = (&over_a_shelf.tiered, Clock::system().now());
    let refused = stack.store_now(&key("k"), entry(stack, 7), &begin(stack), now);
    assert_eq!(refused.unwrap_err().value::<u64>(), Some(&7));
    // What fails on demand is in this process, but is asked by what may wait.
    assert!(store(&faulty, &begin(&faulty), 7));
    assert_eq!(found(&faulty), Some(7));
}
