//! Writes that wait for another write of their key give up some time; what that one does later is not read.

use std::thread;
use std::time::Duration;

use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{Backend, ErrorKind, Layer};

use super::support::{SECOND, begin, key, soon};
use super::{Stack, until};

fn slow(layer: Layer) -> Layer {
    layer.deadline(60 * SECOND)
}

#[test]
fn a_write_by_hand_that_gives_up_waiting_for_another_leaves_nothing_older() {
    let stack = Stack::above(slow);
    for text in ["k", "many"] {
        stack.all.set(text, 1_u64);
    }
    stack.lowest().inject(Method::SetMany, Fault::Hang);
    let (tiered, desk) = (stack.tiered.clone(), stack.all.clone());
    let holding = begin(async move {
        let entries = ["k", "many"].map(|text| (key(text), desk.entry(2_u64)));
        tiered.set_many(entries.into()).await
    });
    soon(stack.lowest().until_hanging(Method::SetMany));
    thread::scope(|scope| {
        scope.spawn(|| {
            let error = soon(stack.tiered.set(&key("k"), stack.all.entry(3_u64))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout);
        });
        scope.spawn(|| {
            let entries = vec![(key("many"), stack.all.entry(3_u64))];
            soon(stack.tiered.set_many(entries)).unwrap_err();
        });
    });
    for text in ["k", "many"] {
        assert_ne!(stack.all.get(text), Some(1_u64), "{text}");
        until(|| !stack.layers[1].has(text));
    }
    stack.lowest().heal();
    holding.join().unwrap().unwrap();
}

#[test]
fn a_computed_value_that_arrives_after_a_deletion_gave_up_waiting_for_it_is_never_read() {
    let stack = Stack::above(slow);
    stack.lowest().inject(Method::Set, Fault::Hang);
    let (tiered, entry) = (stack.tiered.clone(), stack.all.entry(1_u64));
    let storing = begin(async move {
        let passage = tiered.passage(&key("k"));
        tiered.store(&key("k"), entry, &passage).await
    });
    soon(stack.lowest().until_hanging(Method::Set));
    soon(stack.tiered.delete(&key("k"))).unwrap_err();
    soon(stack.tiered.flush()).unwrap();
    // Longer than a write may be on its way that somebody gave up.
    thread::sleep(Duration::from_millis(200));
    stack.lowest().heal();
    assert!(!storing.join().unwrap().unwrap(), "it is void");
    assert_eq!(stack.all.get::<u64>("k"), None);
    soon(stack.tiered.flush()).unwrap();
    assert_eq!(stack.all.get::<u64>("k"), None);
    assert!(!stack.layers[1].has("k"));
}
