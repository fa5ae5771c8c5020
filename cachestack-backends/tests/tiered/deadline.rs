//! How long a layer may hold up a caller.

use std::time::{Duration, Instant};

use cachestack_backends::runtime::block_on;
use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{Backend, ErrorKind, Layer, Namespace, Passage, ValueType};

use super::support::{begin, key, soon};
use super::{MILLI, Stack, as_is};

const DEADLINE: Duration = Duration::from_millis(400);
/// How much longer a busy machine may take.
const SLACK: Duration = Duration::from_millis(300);

fn patient(layer: Layer) -> Layer {
    layer.deadline(DEADLINE).breaker_failures(1_000)
}

fn look_up(stack: &Stack, passage: &mut Passage) -> cachestack_backends::Result<bool> {
    let key = key("k");
    let looking = stack.tiered.look_up(&key, ValueType::of::<u64>(), passage);
    soon(looking).map(|found| found.is_hit())
}

fn store(stack: &Stack, passage: &Passage) -> cachestack_backends::Result<bool> {
    stack.store("k", 7, passage)
}

#[test]
fn a_layer_that_hangs_costs_a_look_up_and_the_store_after_it_one_deadline() {
    for (get, set) in [
        (Fault::Hang, Fault::Hang),
        (Fault::Delay(200 * MILLI), Fault::Hang),
        (Fault::Delay(200 * MILLI), Fault::HangAfter),
    ] {
        let stack = Stack::above(patient);
        stack.lowest().inject(Method::Get, get);
        stack.lowest().inject(Method::Set, set);
        let began = Instant::now();
        let mut passage = stack.tiered.passage(&key("k"));
        assert!(!look_up(&stack, &mut passage).unwrap());
        let stored = store(&stack, &passage);
        let took = began.elapsed();
        assert!(took < DEADLINE + SLACK, "{get:?}, {set:?}: {took:?}");
        assert!(took >= DEADLINE - 10 * MILLI, "{get:?}: {took:?}");
        assert_eq!(stored.is_ok(), get == Fault::Hang);
        assert!(stack.layers[0].has("k"), "memory has it all the same");
    }
}

#[test]
fn a_layer_that_failed_the_look_up_is_not_written_on_that_passage() {
    let stack = Stack::above(patient);
    let fail = Fault::Fail(ErrorKind::Unavailable);
    stack.lowest().inject(Method::Get, fail);
    let mut passage = stack.tiered.passage(&key("k"));
    look_up(&stack, &mut passage).unwrap();
    assert!(store(&stack, &passage).unwrap());
    assert_eq!(stack.lowest().calls(Method::Set), 0);
    let passage = stack.tiered.passage(&key("k"));
    assert!(store(&stack, &passage).unwrap());
    assert_eq!(stack.lowest().calls(Method::Set), 1);
}

#[test]
fn by_hand_a_layer_that_hangs_costs_its_deadline_and_says_so() {
    let stack = Stack::above(patient);
    stack.break_changes(Fault::Hang);
    let began = Instant::now();
    let error = soon(stack.tiered.set(&key("k"), stack.all.entry(7_u64))).unwrap_err();
    assert!(began.elapsed() < DEADLINE + SLACK);
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.backend(), Some("shelf"));
    assert_eq!(
        error.operation(),
        Some(cachestack_backends::Operation::Set),
        "{error}"
    );
}

#[test]
fn while_a_clear_hangs_a_store_takes_no_longer_than_the_layers_deadline() {
    let stack = Stack::above(patient);
    stack.lowest().inject(Method::Clear, Fault::Hang);
    let tiered = stack.tiered.clone();
    let clearing = begin(async move { tiered.clear(&Namespace::new("test")).await });
    soon(stack.lowest().until_hanging(Method::Clear));
    for get in [None, Some(Fault::Hang)] {
        if let Some(fault) = get {
            stack.lowest().inject(Method::Get, fault);
        }
        let began = Instant::now();
        let mut passage = stack.tiered.passage(&key("k"));
        look_up(&stack, &mut passage).unwrap();
        let stored = store(&stack, &passage);
        let took = began.elapsed();
        assert!(took < DEADLINE + SLACK, "{took:?}");
        assert!(stored.unwrap(), "the clear has happened already");
        assert!(stack.layers[0].has("k"), "memory has it all the same");
        stack.evict("k");
    }
    stack.lowest().heal();
    clearing.join().unwrap().unwrap();
}

#[test]
fn who_tells_a_layer_what_it_missed_waits_no_longer_than_its_deadline() {
    // Not detached: readers do it.
    let stack = Stack::of().memory(|it| it).layer_as(as_is, patient).build();
    stack.all.set("k", 1_u64);
    stack
        .lowest()
        .inject(Method::Delete, Fault::Fail(ErrorKind::Unavailable));
    soon(stack.tiered.delete(&key("k"))).unwrap_err();
    stack.lowest().inject(Method::Delete, Fault::Hang);
    let began = Instant::now();
    let mut passage = stack.tiered.passage(&key("k"));
    assert!(!look_up(&stack, &mut passage).unwrap());
    store(&stack, &passage).unwrap();
    let took = began.elapsed();
    assert!(took < DEADLINE + SLACK, "{took:?}");
}

#[test]
fn several_callers_of_one_hanging_layer_do_not_wait_for_each_other() {
    let stack = Stack::above(patient);
    stack.lowest().inject_all(Fault::Hang);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let stack = &stack;
            scope.spawn(move || {
                let key = key(&format!("k{number}"));
                block_on(stack.tiered.get(&key, ValueType::of::<u64>())).unwrap();
            });
        }
    });
    assert!(began.elapsed() < DEADLINE + SLACK);
}
