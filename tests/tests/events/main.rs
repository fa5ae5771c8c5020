//! What becomes of each call: told to callbacks and counted by function and by layer.

#![allow(clippy::unwrap_used, reason = "tests")]

mod batches;
mod callbacks;
mod layers;
mod outcomes;
mod stale;
mod times;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cachestack::{Cache, CacheBuilder, Event, Outcome};

/// What a callback heard.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<Told>>>);

/// All that an event says.
#[derive(Debug, Clone)]
struct Told {
    outcome: Outcome,
    function: Option<String>,
    namespace: String,
    layer: Option<(usize, String)>,
    took: Option<Duration>,
    key: Option<String>,
}

impl Heard {
    fn hear(&self, event: &Event<'_>) {
        let name = event.layer_name().map(str::to_owned);
        let told = Told {
            outcome: event.outcome(),
            function: event.function().map(|name| name.into_owned()),
            namespace: event.namespace().to_owned(),
            layer: event.layer().zip(name),
            took: event.took(),
            key: event.key().map(str::to_owned),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(told);
    }

    /// Has it told what becomes of the calls of that cache.
    fn of(&self, builder: CacheBuilder) -> Cache {
        let heard = self.clone();
        let builder = builder.on_event(move |event| heard.hear(event));
        builder.build().unwrap()
    }

    /// What was heard since the last time.
    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, of each the outcome.
    fn outcomes(&self) -> Vec<Outcome> {
        self.take().into_iter().map(|told| told.outcome).collect()
    }
}

/// A cache in memory, with what a callback of it hears.
fn heard() -> (Cache, Heard) {
    let heard = Heard::default();
    (heard.of(Cache::builder().namespace("shop")), heard)
}

/// Gives way until those who were called at the same time wait.
async fn give_way() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}
