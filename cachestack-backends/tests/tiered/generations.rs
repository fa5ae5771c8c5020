//! Tags, whole functions and namespaces are invalidated at once, in memory and below.

use cachestack_backends::testing::{Fault, FaultyBackend, Method};
use cachestack_backends::{
    Backend, Clock, Codec, Dependency, MemoryBackend, Namespace, Passage, TieredCache, TimeLeft,
    ValueType,
};

use super::fence::until_void;
use super::shelf::Shelf;
use super::support::{Desk, MINUTE, SECOND, begin, key, soon, wanting};
use super::{Stack, as_is};

pub(super) fn space() -> Namespace {
    Namespace::new("test")
}

pub(super) fn tag(name: &str) -> [Dependency; 1] {
    [Dependency::tag(name)]
}

/// Sets a value with tags.
pub(super) fn set(stack: &TieredCache, text: &str, value: u64, tags: &[&str]) {
    let on: Vec<Dependency> = tags.iter().map(Dependency::tag).collect();
    let entry = cachestack_backends::Entry::new(value, stack.clock().now());
    soon(stack.set_depending(&key(text), entry, &on)).unwrap();
}

pub(super) fn get(stack: &TieredCache, text: &str) -> Option<u64> {
    let found = soon(stack.get(&key(text), ValueType::of::<u64>())).unwrap();
    found.hit().map(|entry| *entry.value().unwrap())
}

pub(super) fn invalidate(stack: &TieredCache, name: &str) {
    soon(stack.invalidate(&space(), &tag(name))).unwrap();
}

/// Looks up as a function does that is about to compute.
pub(super) fn about_to_compute(stack: &TieredCache, text: &str, tags: &[&str]) -> Passage {
    let on: Vec<Dependency> = tags.iter().map(Dependency::tag).collect();
    let mut passage = stack.passage_depending(&key(text), &on);
    let key = key(text);
    let looking = stack.look_up(&key, ValueType::of::<u64>(), &mut passage);
    assert!(!soon(looking).unwrap().is_hit());
    passage
}

pub(super) fn store(stack: &TieredCache, text: &str, value: u64, passage: &Passage) -> bool {
    let entry = cachestack_backends::Entry::new(value, stack.clock().now());
    soon(stack.store(&key(text), entry, passage)).unwrap()
}

/// Stacks of every kind: in memory, with memory above a store, and without memory.
fn all_kinds() -> [Stack; 4] {
    let shared = |info: cachestack_backends::BackendInfo| info.shared(true);
    [
        Stack::of().memory(as_is_memory).build(),
        Stack::usual(),
        Stack::of().memory(as_is_memory).shelf(shared).build(),
        Stack::of().shelf(shared).shelf(shared).build(),
    ]
}

fn as_is_memory(builder: cachestack_backends::MemoryBuilder) -> cachestack_backends::MemoryBuilder {
    builder
}

#[test]
fn an_invalidated_tag_takes_its_entries_and_no_others() {
    for stack in all_kinds() {
        let stack = &stack.tiered;
        set(stack, "a", 1_u64, &["red"]);
        set(stack, "b", 2_u64, &["red", "blue", "red"]);
        set(stack, "c", 3_u64, &["blue"]);
        set(stack, "d", 4_u64, &[]);
        assert_eq!(
            ["a", "b", "c", "d"].map(|text| get(stack, text)),
            [1, 2, 3, 4].map(Some)
        );
        invalidate(stack, "red");
        assert_eq!(
            ["a", "b", "c", "d"].map(|text| get(stack, text)),
            [None, None, Some(3), Some(4)]
        );
        set(stack, "a", 5_u64, &["red"]);
        assert_eq!(get(stack, "a"), Some(5));
        invalidate(stack, "blue");
        invalidate(stack, "nobody has it");
        assert_eq!(
            ["a", "b", "c", "d"].map(|text| get(stack, text)),
            [Some(5), None, None, Some(4)]
        );
    }
}

#[test]
fn a_whole_function_and_several_tags_are_invalidated_in_one_step() {
    for stack in all_kinds() {
        let (stack, desk) = (&stack.tiered, &stack.all);
        let function = [Dependency::function("shop::total")];
        soon(stack.set_depending(&key("f"), desk.entry(1_u64), &function)).unwrap();
        set(stack, "same name", 2_u64, &["shop::total"]);
        set(stack, "t", 3_u64, &["t"]);
        let both = [function[0].clone(), Dependency::tag("t")];
        soon(stack.invalidate(&space(), &both)).unwrap();
        assert_eq!((get(stack, "f"), get(stack, "t")), (None, None));
        assert_eq!(get(stack, "same name"), Some(2));
        soon(stack.invalidate(&space(), &[])).unwrap();
    }
}

#[test]
fn a_tag_belongs_to_its_namespace() {
    for stack in all_kinds() {
        let (stack, desk) = (&stack.tiered, &stack.all);
        let elsewhere = cachestack_backends::Key::new(&Namespace::new("elsewhere"), "a");
        soon(stack.set_depending(&elsewhere, desk.entry(7_u64), &tag("red"))).unwrap();
        set(stack, "a", 1_u64, &["red"]);
        invalidate(stack, "red");
        assert_eq!(get(stack, "a"), None);
        let found = soon(stack.get(&elsewhere, ValueType::of::<u64>())).unwrap();
        assert!(found.is_hit());
    }
}

#[test]
fn what_is_invalidated_is_there_for_no_operation() {
    for stack in all_kinds() {
        let stack = &stack.tiered;
        let ttl = |text| soon(stack.ttl(&key(text))).unwrap();
        let exists = |text| soon(stack.exists(&key(text))).unwrap();
        set(stack, "a", 1_u64, &["red"]);
        set(stack, "b", 2_u64, &["blue"]);
        assert!(exists("a") && exists("b"));
        assert_ne!(ttl("a"), TimeLeft::Missing);
        invalidate(stack, "red");
        assert!(!exists("a") && exists("b"));
        assert_eq!(ttl("a"), TimeLeft::Missing);
        assert_ne!(ttl("b"), TimeLeft::Missing);
        assert!(
            stack
                .peek(key("a").digest(), ValueType::of::<u64>())
                .is_none()
        );
        let wanted = wanting(["a", "b"].map(key), ValueType::of::<u64>());
        let found = soon(stack.get_many(&wanted)).unwrap();
        assert_eq!((found[0].is_hit(), found[1].is_hit()), (false, true));
        let stats = soon(stack.stats()).unwrap();
        assert!(stats.outdated >= 1, "{stats}");
        assert!(stats.to_string().contains("outdated"));
    }
}

#[test]
fn what_is_computed_while_its_tag_is_invalidated_is_stored_nowhere() {
    for stack in all_kinds() {
        let stack = &stack.tiered;
        let passage = about_to_compute(stack, "a", &["red"]);
        assert!(passage.is_current());
        invalidate(stack, "red");
        assert!(!passage.is_current());
        assert!(!store(stack, "a", 1, &passage));
        assert_eq!(get(stack, "a"), None);
        let passage = about_to_compute(stack, "a", &["red"]);
        invalidate(stack, "blue");
        assert!(store(stack, "a", 2, &passage));
        assert_eq!(get(stack, "a"), Some(2));
        let cleared = about_to_compute(stack, "b", &[]);
        soon(stack.clear(&space())).unwrap();
        assert!(!store(stack, "b", 3, &cleared));
        assert_eq!((get(stack, "a"), get(stack, "b")), (None, None));
    }
}

#[test]
fn a_store_whose_namespace_ended_during_its_lower_write_says_that_it_stored_nothing() {
    let stack = Stack::usual();
    let passage = stack.tiered.passage(&key("k"));
    let watching = stack.tiered.passage(&key("k"));
    stack.faults[1].inject(Method::Set, Fault::Hang);
    let (tiered, entry) = (stack.tiered.clone(), stack.all.entry(1_u64));
    let storing = begin(async move { tiered.store(&key("k"), entry, &passage).await });
    soon(stack.faults[1].until_hanging(Method::Set));
    // The clear has ended the generation, and cannot go on to void the tokens.
    stack.faults[1].inject(Method::SetMany, Fault::Hang);
    let tiered = stack.tiered.clone();
    let clearing = begin(async move { tiered.clear(&Namespace::new("test")).await });
    until_void(&watching);
    soon(stack.faults[1].until_hanging(Method::SetMany));
    stack.faults[1].heal_one(Method::Set);
    assert!(!storing.join().unwrap().unwrap());
    assert!(!stack.layers[0].has("k"));
    stack.faults[1].heal_one(Method::SetMany);
    clearing.join().unwrap().unwrap();
    assert_eq!(stack.all.get::<u64>("k"), None);
    assert_eq!(stack.all.stats().fenced, 1);
}

#[test]
fn who_calls_after_an_invalidation_is_of_another_epoch() {
    for stack in all_kinds() {
        let stack = &stack.tiered;
        let on = ["red", "blue"].map(Dependency::tag);
        let begin = || stack.passage_depending(&key("a"), &on);
        let (first, second) = (begin(), begin());
        assert_eq!(first.epoch(), second.epoch());
        invalidate(stack, "red");
        let third = begin();
        assert_ne!(first.epoch(), third.epoch());
        invalidate(stack, "green");
        assert_eq!(third.epoch(), begin().epoch());
        soon(stack.clear(&space())).unwrap();
        assert_ne!(third.epoch(), begin().epoch());
    }
}

#[test]
fn nothing_is_kept_of_tags_that_nobody_holds() {
    let memory = MemoryBackend::builder().max_entries(100).build().unwrap();
    let in_memory = TieredCache::builder()
        .shared_fence(true)
        .layer(memory.clone());
    let (fence, stack) = (memory.fence().unwrap(), in_memory.build().unwrap());
    for number in 0..10_000_u64 {
        set(
            &stack,
            &format!("k{}", number % 200),
            number,
            &[&format!("tag {number}")],
        );
    }
    // Those of the entries that are there, and the namespace.
    assert!(fence.generations_held() <= memory.len() + 1);
    for number in 0..10_000_u64 {
        invalidate(&stack, &format!("tag {number}"));
    }
    soon(stack.clear(&space())).unwrap();
    assert_eq!(fence.generations_held(), 0);
}

#[test]
fn a_stack_inside_a_stack_sees_the_same_generations() {
    let clock = Clock::manual();
    let shelf = Shelf::new(Codec::Postcard, clock.clone());
    let memory = || {
        MemoryBackend::builder()
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    let stack = || {
        let builder = TieredCache::builder().clock(clock.clone());
        let shared = FaultyBackend::new(shelf.clone()).with_info(|info| info.shared(true));
        let inner = builder.layer(memory()).layer(shared).build().unwrap();
        let builder = TieredCache::builder().clock(clock.clone());
        let outer = builder.layer(memory()).layer(inner.clone());
        (outer.build().unwrap(), inner)
    };
    let (outer, inner) = stack();
    set(&outer, "a", 1_u64, &["red"]);
    assert_eq!((get(&outer, "a"), get(&inner, "a")), (Some(1), Some(1)));
    let (other, other_inner) = stack();
    assert_eq!(
        (get(&other, "a"), get(&other_inner, "a")),
        (Some(1), Some(1))
    );
    invalidate(&outer, "red");
    assert_eq!((get(&outer, "a"), get(&inner, "a")), (None, None));
    clock.advance(MINUTE);
    assert_eq!((get(&other, "a"), get(&other_inner, "a")), (None, None));
}

#[test]
fn memory_keeps_what_it_read_no_longer_than_since_its_numbers_were_read() {
    let stack = Stack::of()
        .memory(as_is_memory)
        .shelf(|info| info.shared(true))
        .build();
    let passage = about_to_compute(&stack.tiered, "a", &["red"]);
    // A long computation: memory may keep things for 30 s above a shared store.
    stack.clock.advance(20 * SECOND);
    assert!(store(&stack.tiered, "a", 1, &passage));
    let left = |desk: &Desk| desk.left::<u64>("a");
    assert_eq!(left(&stack.layers[0]), Some(10 * SECOND));
    assert_eq!(left(&stack.layers[1]), None);
    stack.clock.advance(10 * SECOND);
    assert_eq!(get(&stack.tiered, "a"), Some(1));
    assert_eq!(left(&stack.layers[0]), Some(30 * SECOND));
}

#[test]
fn an_entry_from_before_there_were_generations_is_found_and_cleared() {
    let stack = Stack::of().memory(as_is_memory).shelf(as_is).build();
    stack.layers[1].set("a", 1_u64);
    assert_eq!(get(&stack.tiered, "a"), Some(1));
    soon(stack.tiered.clear(&space())).unwrap();
    assert_eq!(get(&stack.tiered, "a"), None);
}
