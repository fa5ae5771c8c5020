//! Written back: memory has it before the caller goes on, the layers below get it in the background.

use std::thread;
use std::time::Duration;

use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{
    Backend, ErrorKind, Layer, Namespace, TieredCache, TimeLeft, ValueType, WriteStrategy,
};

use super::support::{MINUTE, SECOND, key, soon, wanting};
use super::{MILLI, Stack, as_is, until};

fn quick(layer: Layer) -> Layer {
    layer.deadline(50 * MILLI)
}

/// The lower layer takes its first write, and does not answer.
fn held() -> Stack {
    let stack = Stack::written_back(quick);
    stack.lowest().inject(Method::Set, Fault::Hang);
    stack.lowest().inject(Method::SetMany, Fault::Hang);
    stack.all.set("first", 0_u64);
    soon(stack.lowest().until_hanging(Method::Set));
    stack
}

#[test]
fn set_returns_while_the_lower_layer_is_held_and_what_waits_answers_for_it() {
    let stack = held();
    stack.all.set_for("k", 1_u64, MINUTE);
    let entries = vec![(key("many"), stack.all.entry(2_u64))];
    soon(stack.tiered.set_many(entries)).unwrap();
    assert!(!stack.layers[1].has("k"));
    for text in ["k", "many"] {
        stack.evict(text);
        assert!(stack.all.has(text));
    }
    let left = soon(stack.tiered.ttl(&key("k"))).unwrap();
    assert_eq!(left, TimeLeft::Left(MINUTE));
    let found = soon(stack.tiered.get_many(&wanting(
        ["k", "many", "none"].map(key),
        ValueType::of::<u64>(),
    )));
    let found: Vec<bool> = found.unwrap().iter().map(|it| it.is_hit()).collect();
    assert_eq!(found, [true, true, false]);
    for text in ["k", "many"] {
        stack.evict(text);
    }
    assert_eq!(
        (stack.all.get("k"), stack.all.get("many")),
        (Some(1_u64), Some(2_u64))
    );
    assert!(stack.layers[0].has("k"), "copied back into memory");
    assert_eq!(stack.layers[0].left::<u64>("k"), Some(MINUTE));
    stack.clock.advance(MINUTE);
    assert!(!stack.all.has("k"), "it has ended while it waited");
    assert_eq!(stack.all.get::<u64>("k"), None);
    assert_eq!(stack.below().pending, Some(3));
    stack.lowest().heal();
    soon(stack.tiered.flush()).unwrap();
    assert_eq!(stack.layers[1].get("many"), Some(2_u64));
    assert!(!stack.layers[1].has("k"));
}

#[test]
fn of_many_sets_of_one_key_the_layer_sees_few_and_the_last_one_last() {
    let stack = held();
    (1..=100_u64).for_each(|value| stack.all.set("k", value));
    assert_eq!(stack.below().pending, Some(2));
    stack.lowest().heal();
    soon(stack.tiered.flush()).unwrap();
    let faults = stack.lowest();
    let seen = faults.calls(Method::Set) + faults.calls(Method::SetMany);
    assert!(seen <= 3, "{seen}");
    assert_eq!(stack.layers[1].get("k"), Some(100_u64));
}

#[test]
fn an_invalidation_replaces_the_write_that_waits() {
    type Call = fn(&TieredCache);
    let calls: [Call; 3] = [
        |it| soon(it.delete(&key("k"))).unwrap(),
        |it| soon(it.delete_many(&["k", "other"].map(key))).unwrap(),
        |it| soon(it.clear(&Namespace::new("test"))).unwrap(),
    ];
    for call in calls {
        let stack = held();
        stack.layers[1].set("k", 1_u64);
        stack.all.set("k", 2_u64);
        call(&stack.tiered);
        assert_eq!(stack.all.get::<u64>("k"), None);
        assert!(!stack.all.has("k"));
        stack.lowest().heal();
        soon(stack.tiered.flush()).unwrap();
        assert!(!stack.layers[1].has("k"));
        assert_eq!(stack.lowest().calls(Method::SetMany), 0);
    }
}

#[test]
fn clear_replaces_everything_that_waits_in_its_namespace() {
    let stack = held();
    let elsewhere = cachestack_backends::Key::new(&Namespace::new("elsewhere"), "k");
    soon(stack.tiered.set(&elsewhere, stack.all.entry(5_u64))).unwrap();
    for number in 0..50_u64 {
        stack.all.set(&format!("k{number}"), number);
    }
    soon(stack.tiered.clear(&Namespace::new("test"))).unwrap();
    let why = "elsewhere, the clear, and the numbers of both namespaces";
    assert_eq!(stack.below().pending, Some(4), "{why}");
    assert_eq!(stack.all.get::<u64>("k7"), None);
    stack.all.set("after", 1_u64);
    stack.lowest().heal();
    soon(stack.tiered.flush()).unwrap();
    assert!(!stack.layers[1].has("k7") && !stack.layers[1].has("first"));
    assert!(stack.layers[1].has("after"));
    assert!(soon(stack.layers[1].backend.exists(&elsewhere)).unwrap());
}

#[test]
fn of_concurrent_setters_the_last_in_memory_is_the_last_below() {
    let stack = Stack::written_back(quick);
    stack.lowest().inject(Method::Set, Fault::Delay(MILLI));
    thread::scope(|scope| {
        for worker in 0..4_u64 {
            let stack = &stack;
            scope.spawn(move || {
                for round in 0..200_u64 {
                    let text = format!("k{}", round % 3);
                    stack.all.set(&text, worker * 1_000 + round);
                    if round % 50 == 7 {
                        stack.all.delete(&text);
                    }
                }
            });
        }
    });
    soon(stack.tiered.flush()).unwrap();
    for number in 0..3 {
        let text = format!("k{number}");
        let [above, below] = [0, 1].map(|index| stack.layers[index].get::<u64>(&text));
        assert_eq!(above, below, "{text}");
    }
}

#[test]
fn computed_values_are_written_back_and_void_ones_are_not() {
    let stack = Stack::written_back(quick);
    let [first, second] = [(); 2].map(|()| stack.tiered.passage(&key("k")));
    assert!(stack.store("k", 1, &first).unwrap());
    assert!(!stack.store("k", 2, &second).unwrap());
    soon(stack.tiered.flush()).unwrap();
    assert_eq!(stack.layers[1].get("k"), Some(1_u64));
}

#[test]
fn what_a_layer_does_not_take_is_told_again_at_growing_intervals() {
    let stack = Stack::written_back(quick);
    let fail = Fault::Fail(ErrorKind::Unavailable);
    stack.lowest().inject(Method::Set, fail);
    stack.all.set("k", 1_u64);
    thread::sleep(Duration::from_millis(1_000));
    let calls = stack.lowest().calls(Method::Set);
    assert!((3..=9).contains(&calls), "{calls} in a second");
    stack.evict("k");
    assert_eq!(stack.all.get("k"), Some(1_u64));
    stack.lowest().heal();
    soon(stack.tiered.flush()).unwrap();
    assert_eq!(stack.layers[1].get("k"), Some(1_u64));
}

#[test]
fn of_two_lower_layers_one_is_away_and_the_other_goes_on() {
    let stack = Stack::of()
        .memory(|it| it)
        .away(quick)
        .away(quick)
        .with(|it| it.write_strategy(WriteStrategy::WriteBack))
        .build();
    stack.all.set("k", 1_u64);
    soon(stack.tiered.flush()).unwrap();
    stack.faults[1].inject_all(Fault::Refuse);
    stack.faults[1].heal_one(Method::Stats);
    stack.all.set("k", 2_u64);
    until(|| stack.layers[2].get("k") == Some(2_u64));
    stack.evict("k");
    assert_eq!(stack.all.get("k"), Some(2_u64));
    stack.all.delete("k");
    until(|| !stack.layers[2].has("k"));
    assert_eq!(stack.all.get::<u64>("k"), None);
    assert_eq!(stack.layers[1].get("k"), Some(1_u64), "still away");
    stack.faults[1].heal();
    soon(stack.tiered.flush()).unwrap();
    assert!(!stack.layers[1].has("k"));
}

#[test]
fn what_the_lowest_layer_has_is_copied_back_into_the_one_between() {
    let stack = Stack::of()
        .memory(|it| it)
        .away(quick)
        .away(quick)
        .with(|it| it.write_strategy(WriteStrategy::WriteBack))
        .build();
    stack.layers[2].set_for("k", 7_u64, MINUTE);
    assert_eq!(stack.all.get("k"), Some(7_u64));
    soon(stack.tiered.flush()).unwrap();
    let left = stack.layers[1].left::<u64>("k").unwrap();
    assert!(left <= MINUTE + MILLI && left > MINUTE - MILLI, "{left:?}");
}

#[test]
fn a_lower_layer_that_works_only_for_its_caller_cannot_be_written_back_to() {
    let build = |info, strategy| {
        let building = Stack::of().memory(|it| it).layer_as(info, quick);
        building.builder.write_strategy(strategy).build()
    };
    let error = build(as_is, WriteStrategy::WriteBack).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("shelf"), "{error}");
    assert!(build(as_is, WriteStrategy::WriteThrough).is_ok());
    assert!(build(|info| info.detached(true), WriteStrategy::WriteBack).is_ok());
    // The top is written before the caller goes on; memory is, however deep it lies.
    let building = Stack::of().shelf(as_is).away(quick);
    let builder = building.builder.write_strategy(WriteStrategy::WriteBack);
    assert!(builder.build().is_ok());
    let building = Stack::of()
        .shelf(as_is)
        .layer_as(|info| info.immediate(true), quick);
    let builder = building.builder.write_strategy(WriteStrategy::WriteBack);
    assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn nothing_spins_while_writes_wait_for_older_ones_to_arrive() {
    let stack = Stack::written_back(quick);
    stack.lowest().inject(Method::Set, Fault::Late);
    stack.all.set("k", 1_u64);
    soon(stack.lowest().until_hanging(Method::Set));
    soon(stack.tiered.clear(&Namespace::new("test"))).unwrap();
    stack.lowest().heal();
    soon(stack.lowest().until_called(Method::Clear, 1));
    stack.all.set("k", 2_u64);
    // The library's two threads are both free to do other things.
    let pass = cachestack_backends::runtime::work().enter().unwrap();
    for _ in 0..8 {
        let began = std::time::Instant::now();
        soon(pass.run(async {})).unwrap();
        assert!(began.elapsed() < SECOND / 4, "{:?}", began.elapsed());
    }
}
