//! How writing back ends: by flushing, closing, or for good.

use std::thread;
use std::time::{Duration, Instant};

use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{Backend, ErrorKind, Layer, WriteStrategy};

use super::support::{key, soon};
use super::{MILLI, Stack, as_is};

fn quick(layer: Layer) -> Layer {
    layer.deadline(50 * MILLI)
}

#[test]
fn a_value_that_a_layer_refuses_for_good_takes_the_older_one_with_it_and_is_told_once() {
    for kind in [ErrorKind::TooLarge, ErrorKind::Serialization] {
        let stack = Stack::written_back(quick);
        for text in ["k", "other"] {
            stack.all.set(text, 1_u64);
        }
        soon(stack.tiered.flush()).unwrap();
        for method in [Method::Set, Method::SetMany] {
            stack.lowest().inject(method, Fault::Fail(kind));
        }
        stack.all.set("k", 2_u64);
        let error = soon(stack.tiered.flush()).unwrap_err();
        assert_eq!(error.kind(), kind);
        soon(stack.tiered.flush()).unwrap();
        assert!(!stack.layers[1].has("k") && stack.layers[1].has("other"));
        assert_eq!(stack.all.get("k"), Some(2_u64), "memory has it");
    }
}

#[test]
fn of_several_values_only_the_one_at_fault_is_refused() {
    let stack = Stack::written_back(quick);
    stack.lowest().inject(Method::Set, Fault::Hang);
    let too_large = Fault::Fail(ErrorKind::TooLarge);
    stack.lowest().inject(Method::SetMany, too_large);
    for text in ["a", "b", "c"] {
        stack.all.set(text, 1_u64);
    }
    soon(stack.lowest().until_hanging(Method::Set));
    stack.lowest().heal_one(Method::Set);
    soon(stack.tiered.flush()).unwrap();
    for text in ["a", "b", "c"] {
        assert!(stack.layers[1].has(text));
    }
}

#[test]
fn a_value_whose_serialize_panics_is_refused_and_the_others_arrive() {
    #[derive(Debug, Clone, PartialEq, serde::Deserialize)]
    struct Panics(u8);
    impl serde::Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            assert_eq!(self.0, 0, "panics, as this test wants");
            to.serialize_newtype_struct("Panics", &self.0)
        }
    }
    let stack = Stack::written_back(quick);
    stack.all.set("k", Panics(1));
    stack.all.set("other", 1_u64);
    soon(stack.tiered.flush()).unwrap_err();
    assert!(stack.layers[1].has("other") && !stack.layers[1].has("k"));
    stack.all.set("k", Panics(0));
    soon(stack.tiered.flush()).unwrap();
    assert!(stack.layers[1].has("k"));
}

#[test]
fn flush_says_when_there_was_no_room() {
    let stack = Stack::written_back(|it| quick(it).max_pending(2));
    stack.break_changes(Fault::Refuse);
    for number in 0..5_u64 {
        stack.all.set(&format!("k{number}"), number);
    }
    stack.lowest().heal();
    let error = soon(stack.tiered.flush()).unwrap_err();
    assert!(error.message().contains("no room"), "{error}");
    soon(stack.tiered.flush()).unwrap();
}

#[test]
fn flush_ends_while_others_go_on_writing() {
    let stack = Stack::written_back(|it| it);
    stack.lowest().inject(Method::Set, Fault::Delay(MILLI));
    stack.lowest().inject(Method::SetMany, Fault::Delay(MILLI));
    let ended = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0_u64.. {
                if ended.load(std::sync::atomic::Ordering::SeqCst) {
                    break;
                }
                stack.all.set(&format!("k{}", number % 50), number);
            }
        });
        let flushing = Instant::now();
        for _ in 0..5 {
            stack.all.set("mine", 7_u64);
            let flushed = soon(stack.tiered.flush());
            if flushed.is_err() || flushing.elapsed() > Duration::from_secs(5) {
                break;
            }
            assert_eq!(stack.layers[1].get("mine"), Some(7_u64));
        }
        ended.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(flushing.elapsed() < Duration::from_secs(5));
    });
}

#[test]
fn close_waits_until_everything_has_arrived() {
    let stack = Stack::written_back(quick);
    stack.lowest().inject(Method::Set, Fault::Delay(20 * MILLI));
    for number in 0..20_u64 {
        stack.all.set(&format!("k{number}"), number);
    }
    soon(stack.tiered.close()).unwrap();
    for number in 0..20_u64 {
        assert_eq!(stack.layers[1].get(&format!("k{number}")), Some(number));
    }
    assert_eq!(stack.lowest().calls(Method::Close), 1);
}

#[test]
fn flushing_what_waits_twice_on_a_layer_that_nobody_attends_to_does_not_spin() {
    let stack = Stack::of()
        .memory(|it| it)
        .layer_as(as_is, quick)
        .with(|it| it.write_strategy(WriteStrategy::WriteThrough))
        .build();
    stack.lowest().inject(Method::Set, Fault::Hang);
    soon(stack.tiered.set(&key("k"), stack.all.entry(1_u64))).unwrap_err();
    stack.lowest().heal();
    let (mut flushing, mut polls) = (Box::pin(stack.tiered.flush()), 0);
    let began = Instant::now();
    let counted = std::future::poll_fn(|context| {
        polls += 1;
        let polling = Instant::now();
        let polled = flushing.as_mut().poll(context);
        assert!(polling.elapsed() < Duration::from_millis(300), "it spins");
        polled
    });
    soon(counted).unwrap();
    assert!(began.elapsed() > Duration::from_millis(900));
    assert!(polls < 100, "{polls}");
}
