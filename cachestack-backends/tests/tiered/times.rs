//! No layer keeps an entry longer than the one below it.

use std::time::Duration;

use cachestack_backends::{Backend, Entry, Layer, MemoryBackend, TieredCache, TimeLeft, ValueType};

use super::support::{Desk, MINUTE, SECOND, key, soon};
use super::{Stack, as_is};

/// Entries on a shelf end at full milliseconds.
const ABOUT: Duration = Duration::from_millis(1);

#[track_caller]
fn assert_about(left: Option<Duration>, expected: Duration) {
    let left = left.unwrap();
    assert!(
        left.abs_diff(expected) <= ABOUT,
        "{left:?} instead of {expected:?}"
    );
}

#[test]
fn a_copy_keeps_the_remaining_ttl() {
    let stack = Stack::usual();
    stack.layers[1].set_for("k", 7_u64, MINUTE);
    stack.clock.advance(20 * SECOND);
    let found = stack.all.look_up::<u64>("k").hit().unwrap();
    assert_about(found.time_left(stack.clock.now()), 40 * SECOND);
    assert_about(stack.layers[0].left::<u64>("k"), 40 * SECOND);
    stack.clock.advance(40 * SECOND + ABOUT);
    assert_eq!(stack.all.get::<u64>("k"), None);
}

#[test]
fn a_layer_caps_its_own_copies_only() {
    let stack = Stack::of()
        .memory(|it| it.max_ttl(10 * SECOND))
        .shelf(as_is)
        .build();
    stack.all.set_for("k", 7_u64, MINUTE);
    assert_about(stack.layers[0].left::<u64>("k"), 10 * SECOND);
    assert_about(stack.layers[1].left::<u64>("k"), MINUTE);
    stack.clock.advance(10 * SECOND);
    assert_eq!(stack.layers[0].get::<u64>("k"), None);
    assert_eq!(stack.all.get("k"), Some(7_u64));
    assert_about(stack.layers[0].left::<u64>("k"), 10 * SECOND);
    stack.clock.advance(45 * SECOND);
    assert_eq!(stack.all.get("k"), Some(7_u64));
    assert_about(stack.layers[0].left::<u64>("k"), 5 * SECOND);
}

#[test]
fn a_layer_can_be_capped_in_one_stack() {
    let stack = Stack::of();
    let clock = stack.clock.clone();
    let memory = MemoryBackend::builder()
        .clock(clock.clone())
        .build()
        .unwrap();
    let top = Layer::new(memory.clone()).max_ttl(5 * SECOND);
    let stack = stack.with(|it| it.layer(top)).shelf(as_is).build();
    stack.all.set_for("k", 7_u64, MINUTE);
    assert_about(Desk::new(&memory, &clock).left::<u64>("k"), 5 * SECOND);
}

#[test]
fn above_a_shared_store_memory_keeps_entries_for_30_s_unless_told_otherwise() {
    let shared = |info: cachestack_backends::BackendInfo| info.shared(true);
    let stack = Stack::of().memory(|it| it).shelf(shared).build();
    let capped = Stack::of()
        .memory(|it| it.max_ttl(2 * MINUTE))
        .shelf(shared)
        .build();
    let between = Stack::of()
        .memory(|it| it)
        .shelf(as_is)
        .shelf(shared)
        .build();
    for (stack, expected) in [
        (&stack, 30 * SECOND),
        (&capped, 2 * MINUTE),
        (&between, 30 * SECOND),
    ] {
        stack.all.set_for("set", 7_u64, 10 * MINUTE);
        stack
            .layers
            .last()
            .unwrap()
            .set_for("copied", 7_u64, 10 * MINUTE);
        stack.all.get::<u64>("copied").unwrap();
        stack.all.set("endless", 7_u64);
        for text in ["set", "copied", "endless"] {
            assert_about(stack.layers[0].left::<u64>(text), expected);
        }
    }
    assert_about(between.layers[1].left::<u64>("set"), 10 * MINUTE);
    let building = Stack::of();
    let clock = building.clock.clone();
    let memory = MemoryBackend::builder()
        .clock(clock.clone())
        .build()
        .unwrap();
    let told = Layer::new(memory.clone()).max_ttl(MINUTE);
    let stack = building.with(|it| it.layer(told)).shelf(shared).build();
    stack.all.set("endless", 7_u64);
    assert_about(Desk::new(&memory, &clock).left::<u64>("endless"), MINUTE);
}

#[test]
fn no_layer_keeps_an_entry_longer_than_the_one_below() {
    const TIMES: [Option<Duration>; 3] = [None, Some(SECOND), Some(MINUTE)];
    let settings: Vec<_> = TIMES
        .iter()
        .flat_map(|ttl| TIMES.iter().map(move |max_ttl| (*ttl, *max_ttl)))
        .collect();
    for upper in &settings {
        for lower in &settings {
            for requested in [None, Some(SECOND), Some(10 * SECOND), Some(10 * MINUTE)] {
                expect_in_order([*upper, (None, None), *lower], requested);
            }
        }
    }
}

type Times = (Option<Duration>, Option<Duration>);

fn expect_in_order(settings: [Times; 3], requested: Option<Duration>) {
    let building = Stack::of();
    let clock = building.clock.clone();
    let layers = settings.map(|(ttl, max_ttl)| {
        let mut builder = MemoryBackend::builder().clock(clock.clone());
        if let Some(ttl) = ttl {
            builder = builder.ttl(ttl);
        }
        if let Some(max_ttl) = max_ttl {
            builder = builder.max_ttl(max_ttl);
        }
        builder.build().unwrap()
    });
    let builder = TieredCache::builder().clock(clock.clone());
    let builder = layers
        .iter()
        .fold(builder, |it, layer| it.layer(layer.clone()));
    let stack = builder.build().unwrap();
    let now = clock.now();
    let entry = || Entry::new(7_u64, now).expiring(requested.and_then(|it| now.checked_add(it)));
    let [set, many, stored, copied] = ["set", "many", "stored", "copied"].map(key);
    let token = stack.passage(&stored);
    soon(async {
        stack.set(&set, entry()).await.unwrap();
        stack.set_many(vec![(many.clone(), entry())]).await.unwrap();
        assert!(stack.store(&stored, entry(), &token).await.unwrap());
        layers[2].set(&copied, entry()).await.unwrap();
        clock.advance(SECOND / 2);
        stack.get(&copied, ValueType::of::<u64>()).await.unwrap();
    });
    for key in [set, many, stored, copied] {
        let left = layers
            .each_ref()
            .map(|layer| match soon(layer.ttl(&key)).unwrap() {
                TimeLeft::Left(left) => left,
                TimeLeft::Unlimited => Duration::MAX,
                other => panic!("{other:?}"),
            });
        assert!(
            left.is_sorted(),
            "{left:?} left of {requested:?} by {settings:?}"
        );
    }
}
