//! Operations that their callers drop, before and after the server has got their requests.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use cachestack::{Cache, Result};
use cachestack_tests::{Proxy, within};
use futures_executor::block_on;

use super::functions::Value;
use super::stage::{Case, Stacked, Stage, run};

const KEYS: u64 = 32;
/// So many are dropped at some moment, and so many when their answer is on its way.
const EARLY: u64 = 650;
const LATE: u64 = 350;

/// Numbers without an order.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn key(id: u64) -> String {
    format!("key {id}")
}

/// One operation, which looks at what it gets.
async fn operate(cache: &Cache, operation: u64, id: u64) -> Result<()> {
    let ids = [id, (id + 1) % KEYS, (id + 7) % KEYS];
    match operation {
        0 => {
            if let Some(found) = cache.get::<Value>(key(id)).await? {
                found.version_of(id);
            }
        }
        1 => cache.set(key(id), Value::new(id, id + 1), None).await?,
        _ => {
            let found = cache.get_many::<Value>(ids.map(key)).await?;
            for (id, found) in ids.into_iter().zip(found) {
                if let Some(found) = found {
                    found.version_of(id);
                }
            }
        }
    }
    Ok(())
}

/// Polls it until the server has answered, if it asks the server at all; whether it did.
async fn drop_when_answered(proxy: &Proxy, operation: impl Future<Output = Result<()>>) -> bool {
    let held = proxy.hold();
    let operation = pin!(operation);
    tokio::select! {
        biased;
        () = held.arrived(1) => true,
        done = operation => {
            done.unwrap();
            false
        }
    }
}

pub(super) fn cancelled_operations_swap_and_tear_nothing(case: Case) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        let stacked = stage.patient_cache();
        let cache = &stacked.cache;
        let fill = async {
            for id in 0..KEYS {
                cache.set(key(id), Value::new(id, 0), None).await.unwrap();
            }
        };
        run(fill);

        let mut dice = Dice(88_172_645_463_325_252);
        let early = run(drop_early(&stage, &stacked, &mut dice));
        stage.proxy.set_delay(Duration::ZERO);
        let sent = run(drop_late(&stage, &stacked, &mut dice));
        assert!(sent >= 300, "only {sent} were sent");
        stacked.until_used(&stage.witness());

        let works = async {
            for id in 0..KEYS {
                stacked.evict();
                cache.set(key(id), Value::new(id, 2), None).await.unwrap();
                stacked.evict();
                let found = cache.get::<Value>(key(id)).await.unwrap();
                assert_eq!(found.unwrap().version_of(id), 2);
            }
            cache.get_many::<Value>((0..KEYS).map(key)).await.unwrap()
        };
        let found = block_on(works);
        assert_eq!(found.into_iter().flatten().count() as u64, KEYS);
        let stats = stacked.stats();
        assert_eq!((stats.corrupt, stats.errors), (0, 0));
        case.row(
            "cancelled_operations_swap_and_tear_nothing",
            format!("{early} at some moment, {sent} of {LATE} after they were sent"),
        );
    });
}

/// Several callers at once, of whom some see the answer; how many did not.
async fn drop_early(stage: &Stage, stacked: &Stacked, dice: &mut Dice) -> u64 {
    stage.proxy.set_delay(Duration::from_millis(3));
    let mut dropped = 0;
    while dropped < EARLY {
        stacked.evict();
        let callers = [(); 5].map(|()| {
            let (operation, id) = (dice.roll(3), dice.roll(KEYS));
            let patience = Duration::from_micros(dice.roll(6_000));
            async move {
                let operating = operate(&stacked.cache, operation, id);
                match tokio::time::timeout(patience, operating).await {
                    Ok(done) => done.map(|()| 0).unwrap(),
                    Err(_) => 1,
                }
            }
        });
        let [a, b, c, d, e] = callers;
        let (a, b, c, d, e) = tokio::join!(a, b, c, d, e);
        dropped += a + b + c + d + e;
    }
    dropped
}

/// One caller after the other, each gone when its answer is on the way, and one who stays between them.
async fn drop_late(stage: &Stage, stacked: &Stacked, dice: &mut Dice) -> u64 {
    let mut sent = 0;
    for _ in 0..LATE {
        stacked.evict();
        let operating = operate(&stacked.cache, dice.roll(3), dice.roll(KEYS));
        sent += u64::from(drop_when_answered(&stage.proxy, operating).await);
        stacked.evict();
        operate(&stacked.cache, dice.roll(3), dice.roll(KEYS))
            .await
            .unwrap();
    }
    sent
}
