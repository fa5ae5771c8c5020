//! Computations that ask for their own keys.

use std::time::Duration;

use cachestack_tests::within;

use super::{Calls, MINUTE, cache, doubled, key_of};

#[test]
fn a_body_that_asks_for_one_of_its_own_keys_computes_it() {
    within(Duration::from_secs(5), || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let (cache, calls) = (cache(), Calls::default());
            let compute = async |missing: Vec<u64>| {
                let inner: u64 = cache
                    .get_or_compute(key_of(&missing[1]), MINUTE, || async { 40 })
                    .await;
                let among = calls.doubles(&cache, [missing[0], 9]).await;
                assert_eq!((inner, among.len()), (40, 2));
                doubled(&missing)
            };
            let got = cache.get_or_compute_many([1, 2, 3], key_of, MINUTE, compute);
            assert_eq!(got.await.len(), 3);
            assert_eq!(calls.all(), [[1, 9]]);
        });
    });
}

#[test]
fn a_sync_body_that_asks_for_its_own_keys_computes_them() {
    within(Duration::from_secs(5), || {
        let cache = cache().blocking();
        let got = cache.get_or_compute_many([1, 2], key_of, MINUTE, |missing| {
            let again = cache.get_or_compute_many([2, 1], key_of, MINUTE, |ids| doubled(&ids));
            assert_eq!((missing, again.len()), (vec![1, 2], 2));
            again
        });
        assert_eq!(got.len(), 2);
    });
}

#[test]
fn a_batch_recurses_over_other_keys() {
    fn sums(cache: &cachestack::BlockingCache, to: u64) -> u64 {
        let got = cache.get_or_compute_many([to], key_of, MINUTE, |missing| {
            missing.into_iter().map(|id| match id {
                0 => (0, 0),
                id => (id, id + sums(cache, id - 1)),
            })
        });
        got[&to]
    }
    within(Duration::from_secs(20), || {
        assert_eq!(sums(&cache().blocking(), 100), 5050);
    });
}
