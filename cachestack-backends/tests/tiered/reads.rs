//! The way down, and the copies back up.

use std::sync::Arc;

use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{Backend, Entry, ErrorKind, Key, Lookup, TimeLeft, ValueType};

use super::support::{MINUTE, begin, key, soon, wanting};
use super::{Stack, as_is};

const AWAY: Fault = Fault::Fail(ErrorKind::Unavailable);

#[test]
fn what_a_lower_layer_has_is_copied_into_those_above() {
    let stack = Stack::of()
        .memory(|it| it)
        .memory(|it| it)
        .shelf(as_is)
        .shelf(as_is)
        .build();
    stack.layers[3].set("k", 7_u64);
    assert_eq!(stack.all.get("k"), Some(7_u64));
    soon(stack.tiered.flush()).unwrap();
    for layer in &stack.layers {
        assert_eq!(layer.get("k"), Some(7_u64));
    }
    let stats = stack.all.stats();
    let backfills: Vec<u64> = stats.layers.iter().map(|layer| layer.backfills).collect();
    assert_eq!((stats.backfills, &*backfills), (3, &[1, 1, 1, 0][..]));
    // The miss is from when the stack was made.
    assert_eq!((stats.hits, stats.misses, stats.errors), (1, 1, 0));
    // From now on the top answers alone.
    assert_eq!(stack.all.get("k"), Some(7_u64));
    assert_eq!(stack.faults[3].calls(Method::Get), 1);
    let peeked = stack.tiered.peek(key("k").digest(), ValueType::of::<u64>());
    assert!(peeked.is_some());
}

#[test]
fn get_many_asks_each_layer_once_and_only_for_what_is_missing() {
    let stack = Stack::usual();
    for number in 0..4_u64 {
        let layer = &stack.layers[usize::from(number >= 2)];
        layer.set(&format!("k{number}"), number);
    }
    let asked: Vec<u64> = vec![3, 0, 9, 2, 3, 1];
    let keys: Vec<Key> = asked
        .iter()
        .map(|number| key(&format!("k{number}")))
        .collect();
    let found = soon(
        stack
            .tiered
            .get_many(&wanting(&keys, ValueType::of::<u64>())),
    )
    .unwrap();
    let found: Vec<Option<u64>> = found
        .into_iter()
        .map(|found| found.hit().map(|entry| *entry.value().unwrap()))
        .collect();
    assert_eq!(found, [Some(3), Some(0), None, Some(2), Some(3), Some(1)]);
    for (faults, gets) in stack.faults.iter().zip([1, 1]) {
        assert_eq!(
            (faults.calls(Method::GetMany), faults.calls(Method::Get)),
            (gets, 0)
        );
    }
    assert_eq!(stack.layers[0].get("k3"), Some(3_u64));
    let stats = stack.all.stats();
    // One miss is from when the stack was made.
    assert_eq!((stats.hits, stats.misses), (5, 1 + 1));
    assert_eq!((stats.layers[0].hits, stats.layers[1].hits), (2 + 1, 3));

    let again: Vec<Key> = ["k0", "k3"].map(key).into();
    soon(
        stack
            .tiered
            .get_many(&wanting(&again, ValueType::of::<u64>())),
    )
    .unwrap();
    assert_eq!(
        stack.faults[1].calls(Method::GetMany),
        1,
        "nothing was missing"
    );
}

#[test]
fn a_broken_layer_is_passed_over_and_counted() {
    let keys = ["k".to_owned(), "other".to_owned()].map(|text| key(&text));
    let value_type = ValueType::of::<u64>();
    for broken in [0, 1] {
        for kind in [ErrorKind::Unavailable, ErrorKind::Timeout] {
            let stack = Stack::usual();
            stack.all.set("k", 7_u64);
            stack.faults[broken].inject_all(Fault::Fail(kind));
            assert_eq!(stack.all.get("k"), Some(7_u64));
            assert_eq!(stack.all.get::<u64>("other"), None);
            assert!(stack.all.has("k") && !stack.all.has("other"));
            let found = soon(stack.tiered.get_many(&wanting(&keys, value_type))).unwrap();
            assert_eq!((found[0].is_hit(), found[1].is_hit()), (true, false));
            assert_ne!(soon(stack.tiered.ttl(&keys[0])).unwrap(), TimeLeft::Missing);
            let stats = stack.all.stats();
            assert!(stats.layers[broken].errors >= 3, "{stats}");
            assert_eq!(
                (stats.layers[1 - broken].errors, stats.errors),
                (0, 0),
                "{stats}"
            );
            stack.faults[broken].heal();
            assert_eq!(stack.all.get("k"), Some(7_u64));
        }
    }
}

#[test]
fn a_layer_that_could_not_answer_gets_no_copy() {
    let stack = Stack::usual();
    stack.layers[1].set("k", 7_u64);
    stack.faults[0].inject(Method::Get, AWAY);
    assert_eq!(stack.all.get("k"), Some(7_u64));
    assert_eq!(stack.faults[0].calls(Method::Set), 0);
}

#[test]
fn a_copy_that_fails_does_not_fail_the_look_up() {
    let stack = Stack::usual();
    stack.layers[1].set("k", 7_u64);
    stack.faults[0].inject(Method::Set, AWAY);
    assert_eq!(stack.all.get("k"), Some(7_u64));
    let stats = stack.all.stats();
    assert_eq!(
        (stats.layers[0].errors, stats.backfills, stats.errors),
        (1, 0, 0)
    );
}

#[test]
fn when_every_layer_is_broken_it_is_an_error_and_in_silence_a_miss() {
    let key = key("k");
    let value_type = ValueType::of::<u64>();
    for silent in [false, true] {
        let stack = Stack::of()
            .memory(|it| it)
            .shelf(as_is)
            .with(|it| it.silent(silent))
            .build();
        stack.faults[0].inject_all(Fault::Fail(ErrorKind::Timeout));
        stack.faults[1].inject_all(AWAY);
        let got = soon(stack.tiered.get(&key, value_type));
        let many = soon(
            stack
                .tiered
                .get_many(&wanting(std::slice::from_ref(&key), value_type)),
        );
        let exists = soon(stack.tiered.exists(&key));
        let ttl = soon(stack.tiered.ttl(&key));
        if silent {
            assert!(matches!(got, Ok(Lookup::Miss)));
            assert!(matches!(&*many.unwrap(), [Lookup::Miss]));
            assert!(!exists.unwrap());
            assert_eq!(ttl.unwrap(), TimeLeft::Missing);
            assert!(soon(stack.tiered.delete(&key)).is_ok());
            assert!(soon(stack.tiered.set(&key, stack.all.entry(1_u64))).is_ok());
            assert_eq!(stack.all.stats().errors, 6);
        } else {
            let error = got.unwrap_err();
            assert_eq!(
                (error.kind(), error.backend()),
                (ErrorKind::Timeout, Some("memory"))
            );
            assert_eq!(error.key(), Some(key.digest()));
            assert!(many.is_err() && exists.is_err());
            // The lowest layer is asked first for the time that is left.
            assert_eq!(ttl.unwrap_err().kind(), ErrorKind::Unavailable);
            assert_eq!(stack.all.stats().errors, 4);
        }
    }
}

#[test]
fn layers_that_are_not_asked_do_not_count_as_having_answered() {
    struct Local;
    let stack = Stack::usual();
    stack.faults[0].inject_all(AWAY);
    let (key, value_type) = (key("k"), ValueType::local::<Local>());
    assert!(soon(stack.tiered.get(&key, value_type)).is_err());
    assert!(soon(stack.tiered.get_many(&wanting([key], value_type))).is_err());
}

#[test]
fn a_layer_with_another_type_is_not_copied_over() {
    let stack = Stack::usual();
    let asked = key("k");
    stack.layers[0].set("k", String::from("text"));
    stack.layers[1].set("k", 7_u64);
    assert_eq!(stack.all.get("k"), Some(7_u64));
    let wanted = wanting(std::slice::from_ref(&asked), ValueType::of::<u64>());
    let many = stack.tiered.get_many(&wanted);
    assert!(soon(many).unwrap()[0].is_hit());
    assert_eq!(stack.layers[0].get("k"), Some(String::from("text")));
    // Of a type that no layer has, the stack says what it saw.
    assert!(matches!(stack.all.look_up::<bool>("k"), Lookup::Mismatch));
    stack.layers[1].delete("k");
    assert!(matches!(stack.all.look_up::<bool>("k"), Lookup::Mismatch));
}

#[test]
fn what_a_layer_makes_up_is_no_hit() {
    let stack = Stack::usual();
    stack.all.set("k", 7_u64);
    stack.layers[0].delete("k");
    stack.faults[1].inject_all(Fault::Garbage);
    assert!(matches!(stack.all.look_up::<u64>("k"), Lookup::Mismatch));
    let keys = [key("k")];
    let wanted = wanting(keys, ValueType::of::<u64>());
    let found = stack.tiered.get_many(&wanted);
    assert!(matches!(&*soon(found).unwrap(), [Lookup::Mismatch]));
    assert!(!stack.layers[0].has("k"));
    stack.faults[1].inject_all(Fault::Forget);
    assert!(matches!(stack.all.look_up::<u64>("k"), Lookup::Miss));
    stack.faults[1].heal();
    stack.layers[0].set("k", 8_u64);
    stack.faults[0].inject_all(Fault::Garbage);
    assert_eq!(stack.all.get("k"), Some(7_u64));
}

#[test]
fn values_without_serde_skip_layers_of_bytes() {
    struct Local(u64);
    let stack = Stack::usual();
    let (key, value_type) = (key("k"), ValueType::local::<Local>());
    let entry = Entry::from_any(Arc::new(Local(7)), value_type, stack.clock.now());
    soon(stack.tiered.set(&key, entry)).unwrap();
    let found = soon(stack.tiered.get(&key, value_type))
        .unwrap()
        .hit()
        .unwrap();
    assert_eq!(found.value::<Local>().unwrap().0, 7);
    stack.layers[0].delete("k");
    assert!(!soon(stack.tiered.get(&key, value_type)).unwrap().is_hit());
    soon(stack.tiered.get_many(&wanting([key], value_type))).unwrap();
    let below = &stack.faults[1];
    assert_eq!((below.calls(Method::Set), below.calls(Method::Get)), (0, 0));
    assert_eq!(below.calls(Method::GetMany), 0);
}

#[cfg(all(feature = "json", feature = "msgpack"))]
#[test]
fn layers_of_different_codecs_convert() {
    use cachestack_backends::Codec;

    let stack = Stack::of()
        .shelf_of(Codec::Json, as_is)
        .memory(|it| it)
        .shelf_of(Codec::Msgpack, as_is)
        .shelf_of(Codec::Postcard, as_is)
        .build();
    let value = (String::from("Ünder"), Some(7_u64), vec![0.1_f64 + 0.2]);
    stack.layers[3].set("k", value.clone());
    assert_eq!(stack.all.get("k"), Some(value.clone()));
    for layer in &stack.layers {
        assert_eq!(layer.get("k"), Some(value.clone()));
    }
    stack.all.set("set", value.clone());
    for layer in &stack.layers {
        assert_eq!(layer.get("set"), Some(value.clone()));
    }
}

#[test]
fn a_copy_into_a_detached_layer_is_made_off_the_callers_path() {
    let stack = Stack::of()
        .memory(|it| it)
        .shelf(|info| info.detached(true))
        .shelf(|info| info.detached(true))
        .build();
    stack.layers[2].set("k", 7_u64);
    stack.faults[1].inject(Method::Set, Fault::Hang);
    assert_eq!(stack.all.get("k"), Some(7_u64));
    soon(stack.faults[1].until_hanging(Method::Set));
    assert_eq!(stack.layers[0].get("k"), Some(7_u64));
    assert!(!stack.layers[1].has("k"));
    let tiered = stack.tiered.clone();
    let flushing = begin(async move { tiered.flush().await });
    stack.faults[1].heal();
    flushing.join().unwrap().unwrap();
    assert_eq!(stack.layers[1].get("k"), Some(7_u64));
    assert_eq!(stack.all.stats().backfills, 2);
}

#[test]
fn closing_waits_for_copies_and_closes_every_layer() {
    let stack = Stack::of()
        .memory(|it| it)
        .shelf(|info| info.detached(true))
        .shelf(|info| info.detached(true))
        .build();
    stack.layers[2].set_for("k", 7_u64, MINUTE);
    stack.faults[1].inject(Method::Set, Fault::Hang);
    stack.all.get::<u64>("k").unwrap();
    stack.faults[0].inject(Method::Close, Fault::Lose(ErrorKind::Unavailable));
    soon(stack.faults[1].until_hanging(Method::Set));
    let tiered = stack.tiered.clone();
    let closing = begin(async move { tiered.close().await });
    stack.faults[1].heal_one(Method::Set);
    let closed = closing.join().unwrap();
    assert_eq!(closed.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(stack.layers[1].has("k"));
    assert!(
        stack
            .faults
            .iter()
            .all(|faults| faults.calls(Method::Close) == 1)
    );
}
