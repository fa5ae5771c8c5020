//! How long computations took.

use std::time::Duration;

use cachestack::{Cache, Clock, Outcome, cached};

use super::Heard;

fn clocked() -> (Cache, Clock, Heard) {
    let (clock, heard) = (Clock::manual(), Heard::default());
    let cache = heard.of(Cache::builder().clock(clock.clone()));
    (cache, clock, heard)
}

#[test]
fn computations_are_timed_by_the_clock_of_the_cache() {
    #[cached(skip(clock))]
    fn slow(seconds: u64, clock: &Clock) -> Result<u64, u64> {
        clock.advance(Duration::from_secs(seconds));
        if seconds > 5 {
            Err(seconds)
        } else {
            Ok(seconds)
        }
    }

    let (cache, clock, heard) = clocked();
    cache.sync_scope(|| {
        for seconds in [2, 1, 1, 6] {
            let _ = slow(seconds, &clock);
        }
    });
    let told: Vec<_> = heard.take();
    let took: Vec<_> = told.iter().map(|it| (it.outcome, it.took)).collect();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(
        took,
        [
            (Outcome::Computed, seconds(2)),
            (Outcome::Computed, seconds(1)),
            (Outcome::Hit, None),
            (Outcome::Failed, seconds(6)),
        ]
    );
    let stats = slow::entries().stats();
    assert_eq!(stats.computing.count, 3);
    assert_eq!(stats.computing.total, Duration::from_secs(9));
    assert_eq!(stats.computing.longest, Duration::from_secs(6));
    assert_eq!(stats.computing.average(), seconds(3));
    let text = stats.to_string();
    assert!(
        text.ends_with(", computing 3 in 9.0s, 3.0s on average, 6.0s at most"),
        "{text}"
    );
    let json = serde_json::to_value(&stats).unwrap();
    assert_eq!(json["computing"]["count"], 3);
    assert_eq!(json["computing"]["total"], 9.0);
    assert_eq!(json["computing"]["longest"], 6.0);
    let cache = cache.blocking().stats().unwrap();
    assert_eq!(cache.computing, stats.computing);
    let text = cache.to_string();
    assert!(text.contains("computing 3 in 9.0s"), "{text}");
}

#[tokio::test]
async fn an_async_computation_is_timed_from_its_look_up_to_its_end() {
    #[cached(skip(clock))]
    async fn slow(clock: &Clock) -> u64 {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(3));
        1
    }

    let (cache, clock, heard) = clocked();
    cache.scope(slow(&clock)).await;
    assert_eq!(heard.take()[0].took, Some(Duration::from_secs(3)));
    assert_eq!(
        slow::entries().stats().computing.total,
        Duration::from_secs(3)
    );
}

#[tokio::test]
async fn a_computation_by_hand_is_timed_too() {
    let (cache, clock, heard) = clocked();
    let slow = || async { clock.advance(Duration::from_secs(3)) };
    cache.get_or_compute("k", None, slow).await;
    assert_eq!(heard.take()[0].took, Some(Duration::from_secs(3)));
    let stats = cache.stats().await.unwrap();
    assert_eq!(stats.computing.longest, Duration::from_secs(3));
}
