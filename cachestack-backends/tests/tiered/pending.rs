//! What a layer did not take is told to it later, and its old value is never read again.

use std::thread;

use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{Backend, ErrorKind, Layer, Namespace, Result, TieredCache};

use super::support::{Desk, key, soon};
use super::{CHANGES, MILLI, Stack, as_is, until};

pub(super) type Call = fn(&TieredCache, &Desk) -> Result<()>;

/// Everything by which `k` stops being 1.
pub(super) const BY_HAND: [(&str, Call); 5] = [
    ("delete", |it, _| soon(it.delete(&key("k")))),
    ("delete_many", |it, _| {
        soon(it.delete_many(&["k", "other"].map(key)))
    }),
    ("clear", |it, _| soon(it.clear(&Namespace::new("test")))),
    ("set", |it, desk| soon(it.set(&key("k"), desk.entry(2_u64)))),
    ("set_many", |it, desk| {
        let entries = ["other", "k"].map(|text| (key(text), desk.entry(2_u64)));
        soon(it.set_many(entries.into()))
    }),
];

/// Every way not to take it.
const FAULTS: [Fault; 6] = [
    Fault::Fail(ErrorKind::Unavailable),
    Fault::Fail(ErrorKind::Unsupported),
    Fault::Lose(ErrorKind::Timeout),
    Fault::Hang,
    Fault::Refuse,
    Fault::Panic,
];

fn quick(layer: Layer) -> Layer {
    layer.deadline(50 * MILLI)
}

/// With or without somebody who attends to the layer in the background.
fn stacks() -> [Stack; 2] {
    let here = Stack::of().memory(|it| it).layer_as(as_is, quick);
    [Stack::above(quick), here.build()]
}

fn expect_not_1(stack: &Stack, when: &str) {
    for evicted in [false, true] {
        if evicted {
            stack.evict("k");
        }
        let found = stack.all.get::<u64>("k");
        assert_ne!(found, Some(1), "{when}, evicted: {evicted}");
    }
}

#[test]
fn what_was_changed_by_hand_while_a_layer_failed_is_never_what_it_was_before() {
    thread::scope(|scope| {
        for (name, call) in BY_HAND {
            // A clear has half a minute; one that hangs so long is like one whose time-out is told.
            let faults = FAULTS
                .into_iter()
                .filter(|it| *it != Fault::Hang || name != "clear");
            for fault in faults {
                for stack in stacks() {
                    scope.spawn(move || change_while_broken(&stack, name, call, fault));
                }
            }
        }
    });
}

fn change_while_broken(stack: &Stack, name: &str, call: Call, fault: Fault) {
    let case = format!("{name} at {fault:?}");
    stack.all.set("k", 1_u64);
    stack.break_changes(fault);
    call(&stack.tiered, &stack.all).expect_err(&case);
    assert!(stack.below().pending > Some(0), "{case}");
    expect_not_1(stack, &format!("{case}, broken"));
    stack.lowest().heal();
    expect_not_1(stack, &format!("{case}, back"));
    soon(stack.tiered.flush()).expect(&case);
    assert_eq!(stack.below().pending, Some(0), "{case}");
    assert_ne!(stack.layers[1].get("k"), Some(1_u64), "{case}, delivered");
    expect_not_1(stack, &format!("{case}, delivered"));
    // And from then on the layer is used like any other.
    stack.all.set("k", 3_u64);
    stack.evict("k");
    assert_eq!(stack.all.get("k"), Some(3_u64), "{case}, read again");
}

#[test]
fn what_was_changed_while_the_breaker_was_open_is_delivered_when_it_closes() {
    for (name, call) in BY_HAND {
        let stack = Stack::above(quick);
        stack.all.set("k", 1_u64);
        stack.lowest().inject_all(Fault::Refuse);
        stack.all.get::<u64>("other");
        let before = CHANGES.map(|method| stack.lowest().calls(method));
        call(&stack.tiered, &stack.all).unwrap_err();
        let after = CHANGES.map(|method| stack.lowest().calls(method));
        assert_eq!(before, after, "{name} was turned away");
        expect_not_1(&stack, name);
        stack.lowest().heal();
        soon(stack.tiered.flush()).unwrap();
        assert_ne!(stack.layers[1].get("k"), Some(1_u64), "{name}");
        expect_not_1(&stack, name);
    }
}

#[test]
fn in_silence_nothing_fails_and_all_is_delivered_just_the_same() {
    for (name, call) in BY_HAND {
        let of_layer = Stack::above(|it| quick(it).silent(true));
        let of_stack = Stack::of().memory(|it| it).away(quick);
        let of_stack = of_stack.with(|it| it.silent(true)).build();
        for stack in [of_layer, of_stack] {
            stack.all.set("k", 1_u64);
            stack.break_changes(Fault::Refuse);
            call(&stack.tiered, &stack.all).expect(name);
            assert!(stack.below().pending > Some(0), "{name}");
            expect_not_1(&stack, name);
            stack.lowest().heal();
            soon(stack.tiered.flush()).unwrap();
            assert_ne!(stack.layers[1].get("k"), Some(1_u64), "{name}");
        }
    }
}

#[test]
fn flush_waits_for_the_delivery() {
    let stack = Stack::above(quick);
    stack.all.set("k", 1_u64);
    stack.break_changes(Fault::Refuse);
    soon(stack.tiered.delete(&key("k"))).unwrap_err();
    stack.lowest().inject(Method::Delete, Fault::Hang);
    soon(stack.lowest().until_hanging(Method::Delete));
    let tiered = stack.tiered.clone();
    let flushing = thread::spawn(move || soon(tiered.flush()));
    thread::sleep(50 * MILLI);
    assert!(!flushing.is_finished());
    assert!(stack.layers[1].has("k"));
    stack.lowest().heal();
    flushing.join().unwrap().unwrap();
    assert!(!stack.layers[1].has("k"));
}

#[test]
fn the_newest_of_several_changes_wins() {
    let stack = Stack::above(quick);
    stack.all.set("k", 1_u64);
    stack.break_changes(Fault::Refuse);
    for value in [4_u64, 5, 6] {
        soon(stack.tiered.set(&key("k"), stack.all.entry(value))).unwrap_err();
        soon(stack.tiered.delete(&key("k"))).unwrap_err();
        soon(stack.tiered.set(&key("k"), stack.all.entry(value))).unwrap_err();
    }
    assert_eq!(stack.all.get("k"), Some(6_u64), "memory has the newest");
    assert_eq!(stack.below().pending, Some(1));
    stack.lowest().heal();
    until(|| stack.below().breaker.as_deref() == Some("closed"));
    stack.all.set("k", 7_u64);
    soon(stack.tiered.flush()).unwrap();
    stack.evict("k");
    // Delivered before or not at all: what is there is the newest.
    assert!([None, Some(7)].contains(&stack.all.get::<u64>("k")));
}

#[test]
fn what_waits_is_not_asked_for_and_not_copied_over() {
    let stack = Stack::above(quick);
    stack.all.set("k", 1_u64);
    stack.break_changes(Fault::Fail(ErrorKind::Unavailable));
    soon(stack.tiered.delete(&key("k"))).unwrap_err();
    let before = stack.lowest().calls(Method::Get);
    assert!(!stack.all.has("k"));
    assert_eq!(stack.all.get::<u64>("k"), None);
    let left = soon(stack.tiered.ttl(&key("k"))).unwrap();
    assert_eq!(left, cachestack_backends::TimeLeft::Missing);
    let passage = stack.tiered.passage(&key("k"));
    let sets = stack.lowest().calls(Method::Set);
    assert!(stack.store("k", 9, &passage).unwrap(), "into memory");
    assert_eq!(stack.lowest().calls(Method::Set), sets);
    assert_eq!(stack.lowest().calls(Method::Get), before);
    // Other keys are none the worse for it.
    stack.layers[1].set("other", 5_u64);
    assert_eq!(stack.all.get("other"), Some(5_u64));
}

#[test]
fn one_key_that_a_layer_cannot_delete_holds_up_no_other() {
    let stack = Stack::above(|it| quick(it).max_pending(100));
    for text in ["k", "other"] {
        stack.all.set(text, 1_u64);
    }
    stack.break_changes(Fault::Refuse);
    soon(stack.tiered.clear(&Namespace::new("elsewhere"))).unwrap_err();
    for text in ["k", "other"] {
        soon(stack.tiered.delete(&key(text))).unwrap_err();
    }
    stack.lowest().heal();
    // For good, as far as anybody can tell.
    stack
        .lowest()
        .inject(Method::Clear, Fault::Fail(ErrorKind::Unsupported));
    until(|| !stack.layers[1].has("k") && !stack.layers[1].has("other"));
    stack.lowest().heal();
    soon(stack.tiered.flush()).unwrap();
}

#[test]
fn a_layer_in_memory_that_does_not_take_a_value_loses_the_older_one() {
    for many in [false, true] {
        let stack = Stack::above(quick);
        stack.all.set("k", 1_u64);
        stack.faults[0].inject(Method::Set, Fault::Fail(ErrorKind::Unavailable));
        let entry = stack.all.entry(2_u64);
        match many {
            true => soon(stack.tiered.set_many(vec![(key("k"), entry)])).unwrap_err(),
            false => soon(stack.tiered.set(&key("k"), entry)).unwrap_err(),
        };
        assert_eq!(stack.all.get("k"), Some(2_u64), "from below");
    }
}
