//! How often calls allocate on their thread, as exact numbers: a hit does not. A process of its own, whose allocator counts.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cachestack::{Cache, FunctionStats, cached, invalidate};

/// How often each call allocates when everything that grows has room, and what for. A number is changed here and nowhere
/// else.
const EXPECTED: &[(&str, u64, &str)] = &[
    ("a hit of a sync function", 0, HIT),
    ("a hit of an async function", 0, HIT),
    ("a hit of a value behind its Arc, by a text", 0, HIT),
    ("a hit by a text of 100 bytes", 0, HIT),
    ("a hit of a method by a field of self", 0, HIT),
    ("a hit by a template", 0, HIT),
    ("a hit of what has tags", 0, HIT),
    ("a fresh hit of what may be stale", 0, HIT),
    ("a hit within a scope", 0, HIT),
    ("a hit in a cache by its name", 0, HIT),
    ("a hit by hand", 0, HIT),
    ("a sync miss", 6, MISS),
    ("an async miss", 6, "as a sync one: it waits for nobody"),
    ("an invalidation of one key", 4, INVALIDATION),
];

const HIT: &str = "keys are written on the stack, and what is found is shared";
const MISS: &str = "1 the key, 1 what is known of the call, 1 the duty to compute, 1 the flight, 1 the value, 1 what memory keeps";
const INVALIDATION: &str = "1 the key, 3 what is to be deleted and how its values are put";

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct User {
    name: String,
}

struct Repo {
    tenant: u64,
}

#[cached]
fn sync(x: u64) -> u64 {
    x + 1
}

#[cached]
async fn asynchronous(x: u64) -> u64 {
    x + 1
}

#[cached]
fn user(name: &str) -> Arc<User> {
    let name = name.to_owned();
    Arc::new(User { name })
}

impl Repo {
    #[cached(key = "allocations:{self.tenant}:{x}")]
    fn total(&self, x: u64) -> u64 {
        self.tenant + x
    }
}

#[cached(key = "allocations:{x}:{lang}")]
fn named(x: u64, lang: &str) -> u64 {
    x + lang.len() as u64
}

#[cached(tags = ["allocations:{x}", "allocations"])]
fn tagged(x: u64) -> u64 {
    x + 1
}

#[cached(cache = "allocations")]
fn by_name(x: u64) -> u64 {
    x + 1
}

#[cached(ttl = 3600, stale_while_revalidate = 3600)]
fn stale(x: u64) -> u64 {
    x + 1
}

#[invalidate(sync(x))]
fn change(x: u64) {
    let _ = x;
}

/// The output of a future that is ready when it is first polled.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it is not ready at once"),
    }
}

fn allocations(call: impl FnOnce()) -> u64 {
    allocation_counter::measure(call).count_total
}

/// The most that any of several calls allocates, after those that register things.
fn most(mut call: impl FnMut()) -> u64 {
    (0..3).for_each(|_| call());
    (0..100).map(|_| allocations(&mut call)).max().unwrap()
}

/// The least that any of several calls allocates, each by another number: tables that grow for one have room for the next.
fn least(mut call: impl FnMut(u64)) -> u64 {
    (0..3).for_each(&mut call);
    (3..100).map(|x| allocations(|| call(x))).min().unwrap()
}

/// The same of hits, and that they were counted.
fn hits(stats: impl Fn() -> FunctionStats, mut call: impl FnMut()) -> u64 {
    call();
    let before = stats();
    let allocations = most(call);
    let (hits, computed) = (
        stats().hits - before.hits,
        stats().computed - before.computed,
    );
    assert_eq!((hits, computed), (103, 0));
    allocations
}

#[test]
fn a_hit_allocates_nothing_and_a_miss_what_is_said_here() {
    let long = "x".repeat(100);
    let repo = Repo { tenant: 7 };
    let cache = Cache::builder().build().unwrap();
    cachestack::configure_named("allocations", cache.clone()).unwrap();
    let take = |x: u64| {
        black_box(x);
    };
    let by_hand = cache.blocking();

    let measured = [
        hits(|| sync::entries().stats(), || take(sync(1))),
        hits(
            || asynchronous::entries().stats(),
            || {
                take(at_once(asynchronous(1)));
            },
        ),
        hits(|| user::entries().stats(), || drop(user("Ada"))),
        hits(|| user::entries().stats(), || drop(user(&long))),
        hits(|| repo.total_entries().stats(), || take(repo.total(1))),
        hits(|| named::entries().stats(), || take(named(1, "en"))),
        hits(|| tagged::entries().stats(), || take(tagged(1))),
        hits(|| stale::entries().stats(), || take(stale(1))),
        hits(
            || sync::entries().stats(),
            || take(cache.sync_scope(|| sync(1))),
        ),
        hits(|| by_name::entries().stats(), || take(by_name(1))),
        most(|| take(by_hand.get_or_compute("k", None, || 1))),
        least(|x| take(sync(1000 + x))),
        least(|x| take(at_once(asynchronous(1000 + x)))),
        least(|x| change(1000 + x)),
    ];
    // Each of them was one: beside those there is what was computed for the hits.
    let computed = |stats: FunctionStats| stats.computed;
    assert_eq!(computed(sync::entries().stats()), 102);
    assert_eq!(computed(asynchronous::entries().stats()), 101);
    let differ: Vec<_> = EXPECTED
        .iter()
        .zip(measured)
        .filter(|((_, expected, _), measured)| expected != measured)
        .map(|((what, expected, why), measured)| {
            format!("{what}: {measured} allocations, not {expected} ({why})")
        })
        .collect();
    assert_eq!(EXPECTED.len(), measured.len());
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
