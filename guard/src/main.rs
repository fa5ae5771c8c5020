//! Calls of one kind, so many times, most of them hits: what `scripts/instructions` counts the instructions of.
//!
//! The first argument is the kind, the second how many calls.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cachestack::{Cache, EvictionPolicy, MemoryBackend, MemoryBuilder, cached, configure};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct User {
    name: String,
}

struct Shop {
    tenant: u64,
}

#[cached]
fn number(x: u64) -> u64 {
    x + 1
}

/// On its own, as who is called from one place is compiled otherwise than who is called from several.
#[cached]
fn number_apart(x: u64) -> u64 {
    x + 1
}

#[cached]
async fn number_later(x: u64) -> u64 {
    x + 1
}

#[cached]
fn user(name: &str) -> Arc<User> {
    let name = name.to_owned();
    Arc::new(User { name })
}

impl Shop {
    #[cached(key = "{self.tenant}:{x}")]
    fn number(&self, x: u64) -> u64 {
        self.tenant + x
    }
}

#[cached(key = "number:{x}:{lang}")]
fn named(x: u64, lang: &str) -> usize {
    lang.len() + x as usize
}

#[cached(tags = ["number:{x}", "numbers"])]
fn tagged(x: u64) -> u64 {
    x + 1
}

/// Polls what is ready at once.
fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Calls so many times, after once that computes.
fn hit<R>(times: u64, call: impl Fn() -> R) {
    for _ in 0..=times {
        drop(black_box(call()));
    }
}

/// The same where the store itself answers, as no copies are kept.
fn hit_in(memory: MemoryBuilder, times: u64) -> Option<()> {
    let cache = Cache::builder().layer(memory.build().ok()?).build().ok()?;
    configure(cache).ok()?;
    hit(times, || number_apart(black_box(7)));
    Some(())
}

fn run(kind: &str, times: u64) -> Option<()> {
    let x = || black_box(7);
    match kind {
        "sync" => hit(times, || number(x())),
        "async" => hit(times, || at_once(number_later(x()))),
        "text" => hit(times, || user(black_box("Ada Lovelace"))),
        "method" => {
            let shop = Shop { tenant: 1 };
            hit(times, || black_box(&shop).number(x()));
        }
        "template" => hit(times, || named(x(), black_box("en"))),
        "stored" => hit_in(MemoryBackend::builder().at_hand(0), times)?,
        "ordered" => hit_in(MemoryBackend::builder().policy(EvictionPolicy::Lru), times)?,
        "miss" => (0..times).for_each(|x| {
            black_box(number_apart(black_box(x)));
        }),
        "tagged" => hit(times, || tagged(x())),
        _ => return None,
    }
    Some(())
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (kind, times) = (arguments.next(), arguments.next());
    let ran = kind
        .zip(times)
        .and_then(|(kind, times)| run(&kind, times.parse().ok()?));
    match ran {
        Some(()) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}
