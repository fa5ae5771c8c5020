//! Sets, deletions, clears, and what becomes of their failures.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

use cachestack_backends::testing::{Fault, FaultyBackend, Method};
use cachestack_backends::{
    Backend, Clock, Codec, Entry, ErrorKind, Key, Namespace, Result, TieredCache, ValueType,
};
use serde::{Deserialize, Serialize};

use super::shelf::Shelf;
use super::support::{MINUTE, SECOND, begin, key, soon, wanting};
use super::{Stack, as_is, until};

const AWAY: Fault = Fault::Fail(ErrorKind::Unavailable);
const SLOW: Fault = Fault::Fail(ErrorKind::Timeout);

#[test]
fn a_set_goes_into_every_layer_the_lowest_first() {
    let stack = Stack::of()
        .memory(|it| it)
        .shelf(as_is)
        .shelf(as_is)
        .build();
    stack.faults[2].inject(Method::Set, Fault::Hang);
    let (tiered, entry) = (stack.tiered.clone(), stack.all.entry(7_u64));
    let setting = begin(async move { tiered.set(&key("k"), entry).await });
    soon(stack.faults[2].until_hanging(Method::Set));
    assert_eq!(
        stack.faults[1].calls(Method::Set) + stack.faults[0].calls(Method::Set),
        0
    );
    stack.faults[1].inject(Method::Set, Fault::Hang);
    stack.faults[2].heal();
    soon(stack.faults[1].until_hanging(Method::Set));
    assert_eq!(stack.layers[2].get("k"), Some(7_u64));
    assert_eq!(stack.faults[0].calls(Method::Set), 0);
    stack.faults[1].heal();
    setting.join().unwrap().unwrap();
    for layer in &stack.layers {
        assert_eq!(layer.get("k"), Some(7_u64));
    }
    assert_eq!(stack.all.stats().writes, 1);
}

#[test]
fn several_keys_are_one_call_to_each_layer() {
    let stack = Stack::usual();
    let keys = ["a", "b", "c"].map(key);
    let entries = keys.iter().map(|key| (key.clone(), stack.all.entry(7_u64)));
    soon(stack.tiered.set_many(entries.collect())).unwrap();
    assert_eq!(stack.layers[1].get("c"), Some(7_u64));
    soon(stack.tiered.delete_many(&keys)).unwrap();
    assert!(!stack.layers[1].has("c"));
    let below = &stack.faults[1];
    assert_eq!(
        (
            below.calls(Method::SetMany),
            below.calls(Method::DeleteMany)
        ),
        (1, 1)
    );
    assert_eq!(
        (below.calls(Method::Set), below.calls(Method::Delete)),
        (0, 0)
    );
    assert_eq!(
        (stack.all.stats().writes, stack.all.stats().deletes),
        (3, 3)
    );
}

#[test]
fn no_keys_are_no_call_to_any_layer() {
    let stack = Stack::usual();
    soon(stack.tiered.set_many(Vec::new())).unwrap();
    soon(stack.tiered.delete_many(&[])).unwrap();
    assert!(
        soon(stack.tiered.get_many(&wanting([], ValueType::of::<u64>())))
            .unwrap()
            .is_empty()
    );
    assert_eq!(stack.faults[1].all_calls(), 0);
}

#[test]
fn a_key_given_twice_counts_once_and_the_last_value_wins() {
    let stack = Stack::usual();
    let entries = [("a", 1_u64), ("b", 2), ("a", 3), ("a", 4)];
    let entries = entries.map(|(text, number)| (key(text), stack.all.entry(number)));
    soon(stack.tiered.set_many(entries.into())).unwrap();
    for layer in &stack.layers {
        assert_eq!((layer.get("a"), layer.get("b")), (Some(4_u64), Some(2_u64)));
    }
    soon(stack.tiered.delete_many(&["a", "a", "b", "a"].map(key))).unwrap();
    assert!(
        stack
            .layers
            .iter()
            .all(|layer| !layer.has("a") && !layer.has("b"))
    );
}

#[test]
fn a_failed_write_is_the_highest_layers_error_and_the_other_layers_have_it() {
    type Call = fn(&TieredCache, Entry) -> cachestack_backends::Result<()>;
    let calls: [(Call, [Method; 2]); 2] = [
        (
            |tiered, entry| soon(tiered.set(&key("k"), entry)),
            [Method::Set; 2],
        ),
        (
            |tiered, entry| soon(tiered.set_many(vec![(key("k"), entry)])),
            [Method::Set, Method::SetMany],
        ),
    ];
    for (call, methods) in calls {
        for (broken, kind) in [
            (vec![0], ErrorKind::Timeout),
            (vec![1], ErrorKind::Unavailable),
            (vec![0, 1], ErrorKind::Timeout),
        ] {
            let stack = Stack::usual();
            for &index in &broken {
                stack.faults[index].inject(methods[index], [SLOW, AWAY][index]);
            }
            let error = call(&stack.tiered, stack.all.entry(7_u64)).unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (kind, true));
            assert_eq!(error.backend(), Some(["memory", "shelf"][broken[0]]));
            for index in 0..2 {
                assert_eq!(stack.layers[index].has("k"), !broken.contains(&index));
            }
            assert_eq!(stack.all.stats().errors, 1);
        }
    }
}

#[test]
fn a_failed_delete_or_clear_is_an_error_and_is_done_in_the_other_layers() {
    type Call = fn(&TieredCache) -> cachestack_backends::Result<()>;
    let calls: [(Call, Method); 3] = [
        (|it| soon(it.delete(&key("k"))), Method::Delete),
        (
            |it| soon(it.delete_many(&["k", "other"].map(key))),
            Method::DeleteMany,
        ),
        (|it| soon(it.clear(&Namespace::new("test"))), Method::Clear),
    ];
    for (call, method) in calls {
        for silent in [false, true] {
            let stack = Stack::of().memory(|it| it).shelf(as_is).shelf(as_is);
            let stack = stack.with(|it| it.silent(silent)).build();
            stack.all.set("k", 7_u64);
            stack.faults[2].inject(method, AWAY);
            let result = call(&stack.tiered);
            assert_eq!(result.is_ok(), silent);
            assert!(!stack.layers[0].has("k") && !stack.layers[1].has("k"));
            assert!(stack.layers[2].has("k"));
            assert_eq!(stack.all.stats().errors, 1);
        }
    }
}

#[test]
fn clear_touches_one_namespace_of_every_layer() {
    let stack = Stack::usual();
    let others = ["", "test2", "test:eu"].map(|space| Key::new(&Namespace::new(space), "k"));
    for other in &others {
        soon(stack.tiered.set(other, stack.all.entry(1_u64))).unwrap();
    }
    stack.all.set("k", 7_u64);
    soon(stack.tiered.clear(&Namespace::new("test"))).unwrap();
    for layer in &stack.layers {
        assert!(!layer.has("k"));
        assert!(
            others
                .iter()
                .all(|other| soon(layer.backend.exists(other)).unwrap())
        );
    }
}

#[test]
fn purging_frees_in_every_layer() {
    let stack = Stack::of().memory(|it| it).memory(|it| it).build();
    stack.all.set_for("short", 7_u64, SECOND);
    stack.all.set_for("long", 7_u64, MINUTE);
    stack.clock.advance(SECOND);
    let purge = || soon(stack.tiered.purge_expired(&Namespace::new("test"))).unwrap();
    assert_eq!((purge(), purge()), (2, 0));
    assert!(stack.all.has("long"));
}

#[test]
fn a_value_is_written_once_for_each_codec() {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    #[derive(Debug, Clone, PartialEq, Deserialize)]
    struct Counting(u64);
    impl Serialize for Counting {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            WRITTEN.fetch_add(1, Ordering::SeqCst);
            to.serialize_newtype_struct("Counting", &self.0)
        }
    }
    let written_by = |stack: &Stack| {
        WRITTEN.store(0, Ordering::SeqCst);
        stack.all.set("k", Counting(7));
        let alone = WRITTEN.swap(0, Ordering::SeqCst);
        let entries = vec![(key("many"), stack.all.entry(Counting(7)))];
        soon(stack.tiered.set_many(entries)).unwrap();
        assert_eq!(WRITTEN.swap(0, Ordering::SeqCst), alone);
        alone
    };
    let one = written_by(&Stack::of().shelf(as_is).build());
    let four = Stack::of()
        .memory(|it| it)
        .shelf(as_is)
        .shelf(as_is)
        .shelf(as_is)
        .build();
    assert_eq!(written_by(&four), one);
    assert_eq!(
        written_by(&Stack::of().memory(|it| it).memory(|it| it).build()),
        0
    );
    assert_eq!(four.layers[3].get("k"), Some(Counting(7)));
}

#[test]
fn a_value_that_no_layer_can_hold_is_refused() {
    struct Local;
    let stack = Stack::of().shelf(as_is).shelf(as_is).build();
    let local = || {
        Entry::from_any(
            Arc::new(Local),
            ValueType::local::<Local>(),
            stack.clock.now(),
        )
    };
    let (key, other) = (key("k"), key("other"));
    let refused = soon(stack.tiered.set(&key, local())).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Serialization);
    let entries = vec![(other, stack.all.entry(1_u64)), (key.clone(), local())];
    let refused = soon(stack.tiered.set_many(entries)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Serialization);
    let token = stack.tiered.passage(&key);
    assert!(soon(stack.tiered.store(&key, local(), &token)).is_err());
    assert!(!stack.all.has("k"));
}

#[test]
fn what_a_value_without_serde_replaces_is_gone_from_layers_of_bytes_too() {
    struct Local;
    for many in [false, true] {
        let stack = Stack::usual();
        let value_type = ValueType::local::<Local>();
        let local = Entry::from_any(Arc::new(Local), value_type, stack.clock.now());
        stack.all.set("k", 7_u64);
        match many {
            true => soon(stack.tiered.set_many(vec![(key("k"), local)])).unwrap(),
            false => soon(stack.tiered.set(&key("k"), local)).unwrap(),
        }
        assert!(
            soon(stack.tiered.get(&key("k"), value_type))
                .unwrap()
                .is_hit()
        );
        // Memory may drop it at any time, and then the old value must not come back.
        stack.layers[0].delete("k");
        assert_eq!(stack.all.get::<u64>("k"), None);
    }
}

#[test]
fn the_first_write_of_a_fresh_store_goes_on_while_its_caller_blocks_the_thread() {
    for many in [false, true] {
        let shelf = Shelf::new(Codec::Postcard, Clock::system());
        let below = FaultyBackend::new(shelf.clone()).with_info(|info| info.detached(true));
        let stack = TieredCache::builder().layer(below).build().unwrap();
        let entry = Entry::new(1_u64, stack.clock().now());
        let mut setting: Pin<Box<dyn Future<Output = Result<()>>>> = match many {
            true => Box::pin(stack.set_many(vec![(key("k"), entry)])),
            false => Box::pin(async { stack.set(&key("k"), entry).await }),
        };
        let mut context = Context::from_waker(Waker::noop());
        assert!(setting.as_mut().poll(&mut context).is_pending());
        // Polled no more meanwhile.
        until(|| soon(shelf.exists(&key("k"))).unwrap());
        soon(setting).unwrap();
    }
}
