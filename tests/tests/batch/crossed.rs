//! Batches that want the same keys in other orders.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cachestack_tests::within;

use super::{Calls, Gate, MINUTE, cache, doubled, key_of, settle};

#[tokio::test]
async fn two_batches_that_hold_what_the_other_wants_both_end() {
    let (cache, calls, gate) = (cache(), Calls::default(), Gate::closed());
    let batch = |ids: [u64; 3]| {
        let (cache, calls, gate) = (cache.clone(), calls.clone(), gate.clone());
        tokio::spawn(async move { calls.doubles_at(&gate, &cache, ids).await })
    };
    let (one, two) = (batch([1, 2, 3]), batch([4, 3, 2]));
    let three = batch([1, 4, 5]);
    settle().await;
    assert_eq!(calls.all(), [vec![1, 2, 3], vec![4], vec![5]]);
    gate.let_go(3);
    assert_eq!(one.await.unwrap().len(), 3);
    assert_eq!(two.await.unwrap(), [(2, 4), (3, 6), (4, 8)].into());
    assert_eq!(three.await.unwrap().len(), 3);
    assert_eq!(calls.many(), 3);
}

const IDS: u64 = 24;
const ROUNDS: u64 = 200;

/// The ids in an order of its own for each caller and round.
fn shuffled(caller: u64, round: u64) -> Vec<u64> {
    let mut ids: Vec<u64> = (0..IDS).collect();
    ids.rotate_left(((caller * 7 + round) % IDS) as usize);
    if caller % 2 == 0 {
        ids.reverse();
    }
    ids.truncate(8 + (round % 8) as usize);
    ids
}

#[test]
fn many_tasks_and_threads_in_opposite_orders_never_wait_for_each_other() {
    let computed = within(Duration::from_secs(120), || {
        let (cache, computed) = (cache(), Arc::new(AtomicUsize::new(0)));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let tasks: Vec<_> = (0..32)
            .map(|caller| {
                let (cache, computed) = (cache.clone(), Arc::clone(&computed));
                runtime.spawn(async move {
                    for round in 0..ROUNDS {
                        let ids = shuffled(caller, round);
                        let compute = async |missing: Vec<u64>| {
                            computed.fetch_add(missing.len(), Ordering::SeqCst);
                            tokio::task::yield_now().await;
                            doubled(&missing)
                        };
                        let got = cache.get_or_compute_many(ids.clone(), key_of, MINUTE, compute);
                        if caller == round % 32 {
                            // Given up in the middle.
                            let mut got = Box::pin(got);
                            let begun = std::future::poll_fn(|context| {
                                std::task::Poll::Ready(got.as_mut().poll(context).is_ready())
                            });
                            begun.await;
                            continue;
                        }
                        assert_eq!(got.await.len(), ids.len());
                        cache.delete(key_of(&(round % IDS))).await.unwrap();
                    }
                })
            })
            .collect();
        thread::scope(|scope| {
            for caller in 32..36 {
                let (cache, computed) = (cache.blocking(), &computed);
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let ids = shuffled(caller, round);
                        let got = cache.get_or_compute_many(
                            ids.clone(),
                            key_of,
                            MINUTE,
                            |missing: Vec<u64>| {
                                computed.fetch_add(missing.len(), Ordering::SeqCst);
                                doubled(&missing)
                            },
                        );
                        assert_eq!(got.len(), ids.len());
                    }
                });
            }
        });
        runtime.block_on(async {
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(super::in_flight(&cache).await, 0);
        });
        computed.load(Ordering::SeqCst)
    });
    assert!(computed > 0);
}
