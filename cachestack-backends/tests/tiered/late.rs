//! A write that was given up under way may arrive later, even after a newer change has: it is never read.

use std::thread;

use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{Backend, Layer, Namespace};

use super::pending::{BY_HAND, Call};
use super::support::{key, soon};
use super::{MILLI, Stack, as_is, until};

fn quick(layer: Layer) -> Layer {
    layer.deadline(50 * MILLI)
}

fn stacks() -> [Stack; 2] {
    let here = Stack::of().memory(|it| it).layer_as(as_is, quick);
    [Stack::above(quick), here.build()]
}

/// Takes the faults away, and waits until the layer was told once that its key is to go: what is late is to
/// arrive after that.
fn heal(stack: &Stack) {
    stack.lowest().heal();
    until(|| {
        stack.evict("k");
        stack.all.get::<u64>("k");
        stack.lowest().calls(Method::Delete) > 0
    });
}

/// Every call by hand on stacks of its own, at the same time.
fn at_once<const N: usize>(
    stacks: &(impl Fn() -> [Stack; N] + Sync),
    run: impl Fn(&Stack, &str, Call) + Sync,
) {
    thread::scope(|scope| {
        for (name, call) in BY_HAND {
            for stack in stacks() {
                let run = &run;
                scope.spawn(move || run(&stack, name, call));
            }
        }
    });
}

/// Lets what is late take effect, and expects it never to be read.
fn arrive(stack: &Stack, case: &str) {
    assert_eq!(soon(stack.lowest().arrive()), 1, "{case}");
    stack.evict("k");
    assert_ne!(stack.all.get("k"), Some(1_u64), "{case}, arrived");
    soon(stack.tiered.flush()).unwrap();
    stack.evict("k");
    assert_ne!(stack.all.get("k"), Some(1_u64), "{case}, settled");
    assert_ne!(stack.layers[1].get("k"), Some(1_u64), "{case}, below");
}

#[test]
fn a_set_that_timed_out_and_arrives_after_a_newer_change_is_never_read() {
    at_once(&stacks, |stack, name, call| {
        for method in [Method::Set, Method::SetMany] {
            stack.lowest().inject(method, Fault::Late);
            let entry = stack.all.entry(1_u64);
            let set = match method {
                Method::Set => soon(stack.tiered.set(&key("k"), entry)),
                _ => soon(stack.tiered.set_many(vec![(key("k"), entry)])),
            };
            set.unwrap_err();
            heal(stack);
            call(&stack.tiered, &stack.all).expect(name);
            arrive(stack, name);
        }
    });
}

#[test]
fn a_computed_value_that_timed_out_and_arrives_after_an_invalidation_is_never_read() {
    at_once(&stacks, |stack, name, call| {
        stack.lowest().inject(Method::Set, Fault::Late);
        let passage = stack.tiered.passage(&key("k"));
        stack.store("k", 1, &passage).unwrap_err();
        drop(passage);
        heal(stack);
        call(&stack.tiered, &stack.all).expect(name);
        arrive(stack, name);
    });
}

#[test]
fn a_copy_that_timed_out_and_arrives_after_an_invalidation_is_never_read() {
    let three = || Stack::of().memory(|it| it).away(quick).away(quick);
    at_once(&|| [three().build()], |stack, name, call| {
        stack.layers[2].set("k", 1_u64);
        stack.faults[1].inject(Method::Set, Fault::Late);
        assert_eq!(stack.all.get("k"), Some(1_u64));
        until(|| stack.all.stats().layers[1].timeouts == 1);
        stack.faults[1].heal();
        call(&stack.tiered, &stack.all).expect(name);
        soon(stack.faults[1].arrive());
        stack.evict("k");
        assert_ne!(stack.all.get("k"), Some(1_u64), "{name}");
        soon(stack.tiered.flush()).unwrap();
        stack.evict("k");
        assert_ne!(stack.all.get("k"), Some(1_u64), "{name}");
    });
}

#[test]
fn a_write_back_that_is_given_up_while_its_key_is_invalidated_is_never_read() {
    at_once(&|| [Stack::written_back(quick)], |stack, name, call| {
        stack.lowest().inject(Method::Set, Fault::Late);
        stack.all.set("k", 1_u64);
        soon(stack.lowest().until_hanging(Method::Set));
        call(&stack.tiered, &stack.all).expect(name);
        // The call that hangs is given up now, and what came meanwhile is delivered.
        let calls = stack.lowest().all_calls();
        stack.lowest().heal();
        until(|| stack.lowest().all_calls() > calls);
        until(|| stack.layers[1].get::<u64>("k") != Some(1));
        arrive(stack, name);
    });
}

#[test]
fn a_write_back_that_is_given_up_while_there_is_no_room_is_never_read() {
    let stack = Stack::written_back(|it| quick(it).max_pending(1));
    stack.lowest().inject(Method::Set, Fault::Late);
    stack.all.set("k", 1_u64);
    soon(stack.lowest().until_hanging(Method::Set));
    soon(stack.tiered.delete(&key("k"))).unwrap();
    // No room any more: the deletion gives way to a clear of the whole namespace.
    soon(stack.tiered.delete(&key("other"))).unwrap();
    stack.lowest().heal();
    soon(stack.lowest().until_called(Method::Clear, 1));
    assert_eq!(soon(stack.lowest().arrive()), 1);
    stack.evict("k");
    assert_eq!(stack.all.get::<u64>("k"), None);
    soon(stack.tiered.flush()).unwrap_err();
    assert_eq!(stack.all.get::<u64>("k"), None);
    assert!(!stack.layers[1].has("k"));
}

#[test]
fn what_is_written_while_older_writes_may_arrive_is_read_from_memory_and_then_below() {
    let stack = Stack::written_back(quick);
    stack.lowest().inject(Method::Set, Fault::Late);
    stack.all.set("k", 1_u64);
    soon(stack.lowest().until_hanging(Method::Set));
    soon(stack.tiered.clear(&Namespace::new("test"))).unwrap();
    stack.lowest().heal();
    stack.all.set("k", 2_u64);
    assert_eq!(soon(stack.lowest().arrive()), 1);
    for _ in 0..3 {
        stack.evict("k");
        assert_eq!(stack.all.get("k"), Some(2_u64));
        assert!(stack.all.has("k"));
    }
    soon(stack.tiered.flush()).unwrap();
    stack.evict("k");
    assert_eq!(stack.layers[1].get("k"), Some(2_u64));
    assert_eq!(stack.all.get("k"), Some(2_u64));
}
