//! A stack that is gone leaves nothing running. In a process of its own, as other stacks share the threads.
#![cfg(all(feature = "testing", feature = "memory"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/mod.rs"]
mod support;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use cachestack_backends::runtime::work;
use cachestack_backends::testing::{Fault, FaultyBackend, Method};
use cachestack_backends::{
    Backend, Clock, Layer, MemoryBackend, TieredCache, ValueType, WriteStrategy,
};
use support::{Desk, key, soon};

fn until_at_rest(case: &str) {
    let began = Instant::now();
    while work().is_running() {
        assert!(began.elapsed() < Duration::from_secs(15), "{case}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn either(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| match one.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(()),
        Poll::Pending => other.as_mut().poll(context),
    })
    .await;
}

#[test]
fn dropping_or_closing_a_stack_ends_its_work_in_the_background() {
    for fault in [None, Some(Fault::Refuse), Some(Fault::Hang)] {
        for closed in [false, true] {
            if closed && fault == Some(Fault::Refuse) {
                // As with one that hangs: closing waits 10 s for it.
                continue;
            }
            let lower = FaultyBackend::new(MemoryBackend::default())
                .with_info(|info| info.immediate(false).detached(true));
            let faults = lower.faults();
            let layer = Layer::new(lower).deadline(Duration::from_millis(20));
            let stack = TieredCache::builder()
                .write_strategy(WriteStrategy::WriteBack)
                .layer(MemoryBackend::default())
                .layer(layer)
                .build()
                .unwrap();
            let desk = Desk::new(&stack, &Clock::system());
            // The number of the namespace is there, without which a layer that is away is given nothing.
            desk.set("first", 0_u64);
            soon(stack.flush()).unwrap();
            faults.forget_calls();
            if let Some(fault) = fault {
                faults.inject_all(fault);
            }
            desk.set("k", 1_u64);
            soon(stack.get(&key("other"), ValueType::of::<u64>())).unwrap();
            // Its first write is under way, or its layer is known to be away and probed.
            let (set, probed) = (
                faults.until_called(Method::Set, 1),
                faults.until_called(Method::Exists, 1),
            );
            soon(either(set, probed));
            assert!(work().is_running());
            if closed {
                faults.heal_one(Method::Close);
                // What did not arrive in time is an error.
                assert_eq!(soon(stack.close()).is_ok(), fault.is_none());
            }
            match closed {
                true => until_at_rest("closed"),
                false => {
                    drop((stack, desk));
                    until_at_rest("dropped");
                }
            }
        }
    }
}
