//! Several keys looked up or computed at once.

#![allow(clippy::unwrap_used, reason = "tests")]

mod absent;
mod by_hand;
mod crossed;
mod functions;
mod handed_over;
mod layers;
mod nested;

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cachestack::{Cache, KeyText, key};
use tokio::sync::Semaphore;

const MINUTE: Duration = Duration::from_secs(60);

fn cache() -> Cache {
    Cache::builder().build().unwrap()
}

fn key_of(id: &u64) -> KeyText {
    key!("double:{id}")
}

/// What the computations of these tests were asked for, call by call.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<Vec<u64>>>>);

impl Calls {
    fn note(&self, missing: &[u64]) {
        self.0.lock().unwrap().push(missing.to_vec());
    }

    fn all(&self) -> Vec<Vec<u64>> {
        self.0.lock().unwrap().clone()
    }

    fn many(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Doubles each id at once.
    fn double(&self, missing: Vec<u64>) -> Ready<Vec<(u64, u64)>> {
        self.note(&missing);
        ready(doubled(&missing))
    }

    /// The doubles of those ids, by the cache.
    async fn doubles(
        &self,
        cache: &Cache,
        ids: impl IntoIterator<Item = u64>,
    ) -> HashMap<u64, u64> {
        cache
            .get_or_compute_many(ids, key_of, MINUTE, |missing| self.double(missing))
            .await
    }

    /// The same, held up in the computation.
    async fn doubles_at(
        &self,
        gate: &Gate,
        cache: &Cache,
        ids: impl IntoIterator<Item = u64>,
    ) -> HashMap<u64, u64> {
        let compute = async |missing: Vec<u64>| {
            self.note(&missing);
            gate.pass().await;
            doubled(&missing)
        };
        cache
            .get_or_compute_many(ids, key_of, MINUTE, compute)
            .await
    }
}

fn doubled(ids: &[u64]) -> Vec<(u64, u64)> {
    ids.iter().map(|id| (*id, id * 2)).collect()
}

/// Holds computations up until they are let go.
#[derive(Clone)]
struct Gate(Arc<Semaphore>);

impl Gate {
    fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }

    fn let_go(&self, computations: usize) {
        self.0.add_permits(computations);
    }
}

/// Lets every other task of a current-thread runtime run until it waits.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

async fn in_flight(cache: &Cache) -> u64 {
    cache.stats().await.unwrap().in_flight
}
