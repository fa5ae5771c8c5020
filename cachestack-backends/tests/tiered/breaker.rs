//! A layer that is away is not asked until it answers again.

use std::time::{Duration, Instant};

use cachestack_backends::testing::{Fault, Method};
use cachestack_backends::{Backend, ErrorKind, Layer, Namespace, ValueType};

use super::support::{SECOND, key, soon, wanting};
use super::{MILLI, Stack, as_is, until};

fn quick(layer: Layer) -> Layer {
    layer.deadline(30 * MILLI).breaker_failures(3)
}

fn miss(stack: &Stack) {
    assert_eq!(stack.all.get::<u64>("k"), None);
}

#[test]
fn after_time_outs_in_a_row_the_layer_is_not_asked_any_more() {
    let stack = Stack::above(quick);
    stack.lowest().inject(Method::Exists, Fault::Hang);
    stack.lowest().inject(Method::Get, Fault::Hang);
    (0..3).for_each(|_| miss(&stack));
    let began = Instant::now();
    (0..300).for_each(|_| miss(&stack));
    for _ in 0..100 {
        let set = soon(stack.tiered.set(&key("k"), stack.all.entry(1_u64)));
        let many = soon(
            stack
                .tiered
                .get_many(&wanting([key("o")], ValueType::of::<u64>())),
        );
        many.unwrap();
        let error = set.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        // It is one layer's, and says nothing of the stack.
        assert!(!error.is_unreachable() && error.backend() == Some("shelf"));
        soon(stack.tiered.delete(&key("k"))).unwrap_err();
        soon(stack.tiered.clear(&Namespace::new("test"))).unwrap_err();
        soon(stack.tiered.exists(&key("o"))).unwrap();
    }
    // Each would have taken 30 ms.
    assert!(began.elapsed() < 5 * SECOND, "{:?}", began.elapsed());
    let faults = stack.lowest();
    assert_eq!(faults.calls(Method::Get), 3);
    let asked = faults.all_calls() - faults.calls(Method::Get) - faults.calls(Method::Exists);
    assert_eq!(asked, faults.calls(Method::Stats), "only probed");
    let stats = stack.below();
    assert!(
        stats.timeouts == 3 && stats.opened == 1,
        "probes are not the callers' time-outs: {stats}"
    );
    // The namespace that waits to be cleared is not even to be read.
    assert!(stats.rejected >= 300 + 300, "{stats}");
    assert!(["open", "half_open"].contains(&stats.breaker.as_deref().unwrap()));
    assert_eq!(
        stats.pending,
        Some(2),
        "the namespace is to be cleared, and its number to go"
    );
}

#[test]
fn one_refused_connection_is_enough() {
    let stack = Stack::above(quick);
    stack.lowest().inject_all(Fault::Refuse);
    (0..10).for_each(|_| miss(&stack));
    assert_eq!(stack.lowest().calls(Method::Get), 1);
    assert_eq!((stack.below().opened, stack.below().timeouts), (1, 0));
}

#[test]
fn an_answer_in_between_starts_the_count_anew() {
    let stack = Stack::above(quick);
    for slow in [true, true, false, true, true, false, true, true] {
        match slow {
            true => stack.lowest().inject(Method::Get, Fault::Hang),
            false => stack.lowest().heal(),
        }
        miss(&stack);
    }
    let stats = stack.below();
    assert_eq!((stats.opened, stats.timeouts), (0, 6));
    assert_eq!(stats.breaker.as_deref(), Some("closed"));
    miss(&stack);
    assert_eq!(stack.below().opened, 1);
}

#[test]
fn a_layer_that_answers_again_is_used_again_within_a_second() {
    for fault in [Fault::Refuse, Fault::Hang, Fault::Panic] {
        let stack = Stack::above(|it| quick(it).breaker_failures(1));
        stack.layers[1].set("k", 7_u64);
        stack.lowest().inject(Method::Exists, fault);
        stack.lowest().inject(Method::Get, Fault::Refuse);
        miss(&stack);
        // Long enough for the probes to become rare.
        soon(stack.lowest().until_called(Method::Exists, 5));
        miss(&stack);
        stack.lowest().heal();
        let healed = Instant::now();
        until(|| stack.all.get("k") == Some(7_u64));
        assert!(healed.elapsed() < SECOND, "{fault:?}");
        assert_eq!(stack.below().breaker.as_deref(), Some("closed"));
    }
}

#[test]
fn a_layer_that_is_not_detached_is_probed_by_one_caller_now_and_then() {
    let stack = Stack::of().memory(|it| it).layer_as(as_is, quick).build();
    stack.layers[1].set("k", 7_u64);
    stack.lowest().inject_all(Fault::Refuse);
    let began = Instant::now();
    let mut rejected = 0_u64;
    while stack.lowest().calls(Method::Get) < 3 {
        miss(&stack);
        rejected += 1;
    }
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(490) && took < 5 * SECOND,
        "{took:?}"
    );
    assert!(rejected > 100, "{rejected}");
    assert_eq!(stack.lowest().calls(Method::Exists), 0);
    stack.lowest().heal();
    until(|| stack.all.get("k") == Some(7_u64));
}

#[test]
fn errors_of_a_layer_that_answers_do_not_open_its_breaker() {
    let stack = Stack::above(quick);
    let full = Fault::Fail(ErrorKind::Unavailable);
    stack.lowest().inject(Method::Get, full);
    (0..10).for_each(|_| miss(&stack));
    assert_eq!(stack.lowest().calls(Method::Get), 10);
    assert_eq!(stack.below().opened, 0);
}

#[test]
fn a_backend_that_panics_is_a_layer_that_failed() {
    let stack = Stack::above(quick);
    stack.all.set("k", 1_u64);
    stack.evict("k");
    stack.lowest().inject(Method::Get, Fault::Panic);
    miss(&stack);
    stack.lowest().heal();
    assert_eq!(stack.all.get("k"), Some(1_u64));
    stack.break_changes(Fault::Panic);
    soon(stack.tiered.set(&key("k"), stack.all.entry(2_u64))).unwrap_err();
    stack.evict("k");
    assert_ne!(stack.all.get("k"), Some(1_u64));
    stack.lowest().heal();
    soon(stack.tiered.flush()).unwrap();
    stack.evict("k");
    assert_ne!(stack.all.get("k"), Some(1_u64));
}

#[test]
fn a_closed_stack_probes_nothing() {
    let stack = Stack::above(quick);
    stack.lowest().inject(Method::Exists, Fault::Refuse);
    stack.lowest().inject(Method::Get, Fault::Refuse);
    miss(&stack);
    soon(stack.lowest().until_called(Method::Exists, 2));
    soon(stack.tiered.close()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    let probes = stack.lowest().calls(Method::Exists);
    std::thread::sleep(Duration::from_millis(1_000));
    assert_eq!(stack.lowest().calls(Method::Exists), probes);
}

#[test]
fn a_silent_layer_that_fails_is_a_layer_that_has_nothing() {
    let stack = Stack::of().away(|it| quick(it).silent(true)).build();
    stack.lowest().inject_all(Fault::Refuse);
    stack.lowest().heal_one(Method::Stats);
    miss(&stack);
    assert!(!stack.all.has("k"));
    soon(
        stack
            .tiered
            .get_many(&wanting([key("k")], ValueType::of::<u64>())),
    )
    .unwrap();
    soon(stack.tiered.ttl(&key("k"))).unwrap();
    soon(stack.tiered.purge_expired(&Namespace::new("test"))).unwrap();
    assert!(stack.below().errors >= 1);
}
