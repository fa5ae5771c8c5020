//! Three bad days of a service, each without and with a policy: a stampede, an outage, a slow source.
//!
//! `cargo run --example policies`; it takes a few seconds and needs no server.
#![allow(clippy::print_stdout, reason = "what it shows is what it is for")]

#[expect(dead_code, reason = "it uses only a part of it")]
mod support;

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cachestack::{Cache, Timeout, cached};
use support::Table;
use tokio::time::sleep;

/// What the service gets its rates from.
struct Source {
    asked: AtomicUsize,
    /// How long an answer takes, in milliseconds.
    takes: AtomicU64,
    /// Whether it answers at all.
    up: AtomicUsize,
}

static SOURCE: Source = Source {
    asked: AtomicUsize::new(0),
    takes: AtomicU64::new(20),
    up: AtomicUsize::new(1),
};

#[derive(Debug, Clone)]
struct Unavailable;

impl From<Timeout> for Unavailable {
    fn from(_: Timeout) -> Self {
        Self
    }
}

impl Source {
    async fn rate(&self, pair: &str) -> Result<usize, Unavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(self.takes.load(Ordering::SeqCst))).await;
        match self.up.load(Ordering::SeqCst) {
            0 => Err(Unavailable),
            _ => Ok(pair.len()),
        }
    }

    fn reset(&self) {
        self.asked.store(0, Ordering::SeqCst);
        self.takes.store(20, Ordering::SeqCst);
        self.up.store(1, Ordering::SeqCst);
    }
}

/// What many write by hand: a map that is looked into before the source is asked.
async fn from_a_map(pair: &str) -> Result<usize, Unavailable> {
    static MAP: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);
    let map = || MAP.lock().unwrap_or_else(PoisonError::into_inner);
    let known = map().as_ref().and_then(|map| map.get(pair).copied());
    if let Some(rate) = known {
        return Ok(rate);
    }
    let rate = SOURCE.rate(pair).await?;
    map().get_or_insert_default().insert(pair.to_owned(), rate);
    Ok(rate)
}

#[cached(ttl = "100ms")]
async fn plain(pair: &str) -> Result<usize, Unavailable> {
    SOURCE.rate(pair).await
}

#[cached(ttl = "100ms", stale_if_error = "1h")]
async fn through_outages(pair: &str) -> Result<usize, Unavailable> {
    SOURCE.rate(pair).await
}

#[cached(ttl = "100ms", stale_while_revalidate = "1h")]
async fn refreshed_behind(pair: &str) -> Result<usize, Unavailable> {
    SOURCE.rate(pair).await
}

#[cached(ttl = "100ms", stale_if_error = "1h", timeout = "10ms")]
async fn not_waited_for(pair: &str) -> Result<usize, Unavailable> {
    SOURCE.rate(pair).await
}

#[cached(ttl = "100ms", hard_timeout = "50ms")]
async fn answered_in_time(pair: &str) -> Result<usize, Unavailable> {
    SOURCE.rate(pair).await
}

/// What the callers of a scene saw.
#[derive(Default)]
struct Seen {
    calls: usize,
    failed: usize,
    slowest: Duration,
}

impl Seen {
    async fn note(&mut self, call: impl Future<Output = Result<usize, Unavailable>>) {
        let began = Instant::now();
        self.failed += usize::from(call.await.is_err());
        self.calls += 1;
        self.slowest = self.slowest.max(began.elapsed());
    }

    fn row(&self, table: &mut Table<6>, scene: &str, policy: &str) {
        table.push([
            scene.to_owned(),
            policy.to_owned(),
            self.calls.to_string(),
            SOURCE.asked.load(Ordering::SeqCst).to_string(),
            self.failed.to_string(),
            format!("{} ms", self.slowest.as_millis()),
        ]);
    }
}

/// So many callers ask for the same at once.
async fn at_once(callers: usize, call: impl AsyncFn() -> Result<usize, Unavailable>) -> Seen {
    SOURCE.reset();
    let one = || async {
        let mut seen = Seen::default();
        seen.note(call()).await;
        seen
    };
    let mut calls: Vec<_> = (0..callers).map(|_| Box::pin(one())).collect();
    let mut all = Seen::default();
    // All of them wait in this one task.
    std::future::poll_fn(|context| {
        calls.retain_mut(|call| match call.as_mut().poll(context) {
            std::task::Poll::Pending => true,
            std::task::Poll::Ready(seen) => {
                all.calls += 1;
                all.failed += seen.failed;
                all.slowest = all.slowest.max(seen.slowest);
                false
            }
        });
        match calls.is_empty() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    all
}

/// A call every 20 ms for a second, after the source has answered once and then changed.
async fn for_a_second(
    change: impl FnOnce(&Source),
    call: impl AsyncFn() -> Result<usize, Unavailable>,
) -> Seen {
    SOURCE.reset();
    let mut seen = Seen::default();
    seen.note(call()).await;
    change(&SOURCE);
    SOURCE.asked.store(0, Ordering::SeqCst);
    seen = Seen::default();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(1) {
        seen.note(call()).await;
        sleep(Duration::from_millis(20)).await;
    }
    seen
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // In production a source that failed is left alone for 5 s; here a second is all there is.
    let cache = Cache::builder()
        .retry_after(Duration::from_millis(200))
        .build()?;
    cachestack::configure(cache.clone())?;
    let mut table = Table::new(["scene", "policy", "calls", "asked", "failed", "slowest"]);

    let scene = "a thousand callers at once";
    let seen = at_once(1_000, async || from_a_map("eur/usd").await).await;
    seen.row(&mut table, scene, "a map by hand");
    let seen = at_once(1_000, async || plain("eur/usd").await).await;
    seen.row(&mut table, scene, "#[cached]");

    let scene = "the source is down";
    let down = |source: &Source| source.up.store(0, Ordering::SeqCst);
    let seen = for_a_second(down, async || plain("eur/chf").await).await;
    seen.row(&mut table, scene, "none");
    let seen = for_a_second(down, async || through_outages("eur/chf").await).await;
    seen.row(&mut table, scene, "stale_if_error");

    let scene = "the source takes 300 ms";
    let slow = |source: &Source| source.takes.store(300, Ordering::SeqCst);
    let seen = for_a_second(slow, async || plain("eur/gbp").await).await;
    seen.row(&mut table, scene, "none");
    let seen = for_a_second(slow, async || refreshed_behind("eur/gbp").await).await;
    seen.row(&mut table, scene, "stale_while_revalidate");
    let seen = for_a_second(slow, async || not_waited_for("eur/gbp").await).await;
    seen.row(&mut table, scene, "stale_if_error, timeout");
    let seen = for_a_second(slow, async || answered_in_time("eur/gbp").await).await;
    seen.row(&mut table, scene, "hard_timeout");

    println!("A value lives for 100 ms. `asked` is how often the source was.\n");
    table.print();
    cache.flush().await?;
    println!("\n{}", cache.stats().await?);
    cache.close().await?;
    Ok(())
}
