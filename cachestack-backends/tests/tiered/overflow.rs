//! More was changed than may wait for a layer.

use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{Backend, ErrorKind, Key, Layer, Namespace, ValueType};

use super::support::{key, soon, wanting};
use super::{MILLI, Stack, until};

fn narrow(layer: Layer) -> Layer {
    layer.deadline(50 * MILLI).max_pending(3)
}

fn names() -> impl Iterator<Item = String> {
    (0..10).map(|number| format!("k{number}"))
}

/// Ten deletions that the lower layer did not take.
fn overflown() -> Stack {
    let stack = Stack::above(narrow);
    names().for_each(|name| stack.all.set(&name, 1_u64));
    stack.all.set("never deleted", 1_u64);
    stack.break_changes(Fault::Fail(ErrorKind::Unavailable));
    for name in names() {
        soon(stack.tiered.delete(&key(&name))).unwrap_err();
    }
    stack
}

#[test]
fn without_room_nothing_of_the_namespace_is_read_until_it_was_cleared() {
    let stack = overflown();
    stack.evict("never deleted");
    for name in names().chain(["never deleted".to_owned()]) {
        assert_eq!(stack.all.get::<u64>(&name), None, "{name}");
        let found = soon(
            stack
                .tiered
                .get_many(&wanting([key(&name)], ValueType::of::<u64>())),
        );
        assert!(!found.unwrap()[0].is_hit());
        assert!(!stack.all.has(&name));
    }
    assert!(stack.below().overflowed > 0);
    stack.lowest().heal();
    let told = soon(stack.tiered.flush()).unwrap_err();
    assert!(told.message().contains("no room"), "{told}");
    soon(stack.tiered.flush()).expect("it says so once");
    assert!(!stack.layers[1].has("never deleted"), "cleared");
    assert_eq!(stack.below().pending, Some(0));
    stack.all.set("k1", 2_u64);
    stack.evict("k1");
    assert_eq!(stack.all.get("k1"), Some(2_u64), "it is read again");
}

#[test]
fn without_room_other_namespaces_are_read_all_the_same() {
    let elsewhere = Key::new(&Namespace::new("elsewhere"), "k");
    let stack = overflown();
    soon(
        stack.layers[1]
            .backend
            .set(&elsewhere, stack.all.entry(5_u64)),
    )
    .unwrap();
    let found = soon(stack.tiered.get(&elsewhere, ValueType::of::<u64>())).unwrap();
    assert!(found.is_hit());
    stack.lowest().heal();
    soon(stack.tiered.flush()).unwrap_err();
    assert!(soon(stack.layers[1].backend.exists(&elsewhere)).unwrap());
}

#[test]
fn computed_values_and_copies_without_room_are_left_out_and_nothing_is_cleared() {
    let stack = Stack::written_back(narrow);
    stack.all.set("there", 1_u64);
    soon(stack.tiered.flush()).unwrap();
    stack.break_changes(Fault::Refuse);
    for name in names() {
        let passage = stack.tiered.passage(&key(&name));
        assert!(stack.store(&name, 2, &passage).unwrap());
    }
    assert_eq!(stack.below().pending, Some(3));
    stack.lowest().heal();
    let told = soon(stack.tiered.flush()).unwrap_err();
    assert!(told.message().contains("no room"), "{told}");
    soon(stack.tiered.flush()).unwrap();
    assert_eq!(stack.lowest().calls(Method::Clear), 0);
    assert!(stack.layers[1].has("there"));
    let below = names().filter(|name| stack.layers[1].has(name)).count();
    assert_eq!(below, 3);
}

#[test]
fn what_is_deleted_while_the_namespace_is_cleared_does_not_clear_it_for_ever() {
    let stack = Stack::written_back(narrow);
    // Known to be away, so that nothing is tried yet.
    stack.lowest().inject_all(Fault::Refuse);
    assert_eq!(stack.all.get::<u64>("other"), None);
    for name in ["a", "b", "c", "d"] {
        soon(stack.tiered.delete(&key(name))).unwrap();
    }
    stack.lowest().inject(Method::Clear, Fault::Hang);
    stack.lowest().heal_one(Method::Exists);
    soon(stack.lowest().until_hanging(Method::Clear));
    let before = stack.lowest().calls(Method::Clear);
    stack.layers[1].set("k", 1_u64);
    soon(stack.tiered.delete(&key("k"))).unwrap();
    stack.lowest().heal();
    soon(stack.tiered.flush()).unwrap_err();
    assert_eq!(stack.lowest().calls(Method::Clear), before);
    assert!(!stack.layers[1].has("k"));
}

#[test]
fn a_layer_that_missed_changes_in_too_many_namespaces_is_not_read_and_flush_says_so() {
    let stack = Stack::above(narrow);
    stack.all.set("k", 1_u64);
    stack.break_changes(Fault::Refuse);
    for number in 0..4_200 {
        let namespace = Namespace::new(format!("n{number}"));
        soon(stack.tiered.clear(&namespace)).unwrap_err();
    }
    stack.evict("k");
    stack.lowest().heal();
    until(|| stack.below().pending <= Some(1));
    assert_eq!(stack.all.get::<u64>("k"), None);
    let told = soon(stack.tiered.flush()).unwrap_err();
    let why = std::error::Error::source(&told).map(ToString::to_string);
    assert!(why.unwrap().contains("namespaces"), "{told}");
    // And nothing runs in circles meanwhile.
    soon(stack.tiered.close()).unwrap();
}
