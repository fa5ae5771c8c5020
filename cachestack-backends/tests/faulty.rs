//! The faulty backend does what it is told, and nothing else.
#![cfg(all(feature = "testing", feature = "memory"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod support;

use std::time::{Duration, Instant};

use cachestack_backends::testing::{Fault, Faults, FaultyBackend, Method};
use cachestack_backends::{
    Backend, Clock, ErrorKind, Lookup, MemoryBackend, Operation, TimeLeft, ValueType,
};
use support::{Desk, begin, key, soon, wanting};

fn faulty() -> (Desk, Desk, Faults) {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder()
        .clock(clock.clone())
        .build()
        .unwrap();
    let faulty = FaultyBackend::new(memory.clone());
    (
        Desk::new(&faulty, &clock),
        Desk::new(&memory, &clock),
        faulty.faults(),
    )
}

#[test]
fn a_failure_is_of_its_kind_and_place_and_nothing_is_done() {
    let (faulty, inner, faults) = faulty();
    faults.inject(Method::Set, Fault::Fail(ErrorKind::Timeout));
    let error = soon(faulty.backend.set(&key("k"), faulty.entry(1_u64))).unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Timeout, Some(Operation::Set))
    );
    assert_eq!(error.backend(), Some("memory"));
    assert!(!inner.has("k"));
    faults.heal();
    faulty.set("k", 1_u64);
    assert!(inner.has("k"));
    assert_eq!(
        (faults.calls(Method::Set), faults.calls(Method::Get)),
        (2, 0)
    );
}

#[test]
fn of_a_lost_answer_everything_is_done() {
    let (faulty, inner, faults) = faulty();
    faults.inject(Method::Set, Fault::Lose(ErrorKind::Unavailable));
    assert!(soon(faulty.backend.set(&key("k"), faulty.entry(1_u64))).is_err());
    assert!(inner.has("k"));
}

#[test]
fn a_delay_is_real() {
    let (faulty, _, faults) = faulty();
    faults.inject(Method::Delete, Fault::Delay(Duration::from_millis(20)));
    let began = Instant::now();
    faulty.delete("k");
    assert!(began.elapsed() >= Duration::from_millis(20));
}

#[test]
fn a_call_hangs_before_or_after_its_work_until_it_is_healed() {
    for (fault, done) in [(Fault::Hang, false), (Fault::HangAfter, true)] {
        let (faulty, inner, faults) = faulty();
        faults.inject(Method::Set, fault);
        let (backend, entry) = (faulty.backend.clone(), faulty.entry(1_u64));
        let setting = begin(async move { backend.set(&key("k"), entry).await });
        soon(faults.until_hanging(Method::Set));
        assert_eq!(inner.has("k"), done);
        // Other methods are as they were.
        faulty.get::<u64>("k");
        faults.heal_one(Method::Set);
        setting.join().unwrap().unwrap();
        assert!(inner.has("k"));
    }
}

#[test]
fn what_hangs_can_be_made_to_fail_instead() {
    let (faulty, inner, faults) = faulty();
    faults.inject(Method::Set, Fault::Hang);
    let (backend, entry) = (faulty.backend.clone(), faulty.entry(1_u64));
    let setting = begin(async move { backend.set(&key("k"), entry).await });
    soon(faults.until_hanging(Method::Set));
    faults.inject(Method::Set, Fault::Fail(ErrorKind::Closed));
    assert_eq!(
        setting.join().unwrap().unwrap_err().kind(),
        ErrorKind::Closed
    );
    assert!(!inner.has("k"));
    soon(faults.until_called(Method::Set, 1));
}

#[test]
fn look_ups_forget_and_make_things_up() {
    let (faulty, _, faults) = faulty();
    faulty.set("k", 1_u64);
    let (keys, value_type) = ([key("k"), key("missing")], ValueType::of::<u64>());
    let peek = || faulty.backend.peek(keys[0].digest(), value_type);
    faults.inject_all(Fault::Forget);
    assert!(matches!(faulty.look_up::<u64>("k"), Lookup::Miss));
    assert!(!faulty.has("k") && peek().is_none());
    assert_eq!(
        soon(faulty.backend.ttl(&keys[0])).unwrap(),
        TimeLeft::Missing
    );
    faults.inject_all(Fault::Garbage);
    let found = faulty.look_up::<u64>("k").hit().unwrap();
    assert!(found.value::<u64>().is_none());
    assert!(peek().unwrap().value::<u64>().is_none());
    let found = soon(faulty.backend.get_many(&wanting(&keys, value_type))).unwrap();
    assert!(
        matches!(&*found, [Lookup::Hit(garbage), Lookup::Miss] if garbage.value::<u64>().is_none())
    );
}

#[test]
fn a_refused_connection_says_so_and_a_panic_panics() {
    let (faulty, inner, faults) = faulty();
    faults.inject(Method::Set, Fault::Refuse);
    let error = soon(faulty.backend.set(&key("k"), faulty.entry(1_u64))).unwrap_err();
    assert!(error.is_unreachable() && error.kind() == ErrorKind::Unavailable);
    faults.inject(Method::Set, Fault::Panic);
    let (backend, entry) = (faulty.backend.clone(), faulty.entry(1_u64));
    assert!(
        begin(async move { backend.set(&key("k"), entry).await })
            .join()
            .is_err()
    );
    assert!(!inner.has("k"));
}

#[test]
fn what_is_late_takes_effect_when_it_arrives_even_when_its_caller_has_gone() {
    let (faulty, inner, faults) = faulty();
    faults.inject(Method::Set, Fault::Late);
    let (backend, entry) = (faulty.backend.clone(), faulty.entry(1_u64));
    let setting = begin(async move { backend.set(&key("k"), entry).await });
    soon(faults.until_hanging(Method::Set));
    faults.heal();
    let error = setting.join().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!inner.has("k"));
    assert_eq!(soon(faults.arrive()), 1);
    assert!(inner.has("k"));
    assert_eq!(soon(faults.arrive()), 0);
}
