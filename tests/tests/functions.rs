//! Cached functions: what is kept, for how long, under which key, and what deletes it. A file for each argument
//! of the attributes, and for what they stand on.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(
    clippy::manual_async_fn,
    reason = "functions that return futures are tested too"
)]

#[path = "functions/apart.rs"]
mod apart;
#[path = "functions/arguments.rs"]
mod arguments;
#[path = "functions/associated.rs"]
mod associated;
#[path = "functions/bypass.rs"]
mod bypass;
#[path = "functions/cache.rs"]
mod cache_named;
#[path = "functions/companions.rs"]
mod companions;
#[path = "functions/condition.rs"]
mod condition;
#[path = "functions/entries.rs"]
mod entries;
#[path = "functions/error_ttl.rs"]
mod error_ttl;
#[path = "functions/failing.rs"]
mod failing;
#[path = "functions/futures.rs"]
mod futures;
#[path = "functions/generics.rs"]
mod generics;
#[path = "functions/identity.rs"]
mod identity;
#[path = "functions/instrumented.rs"]
mod instrumented;
#[path = "functions/invalidate/mod.rs"]
mod invalidate;
#[path = "functions/key.rs"]
mod key;
#[path = "functions/key_self.rs"]
mod key_self;
#[path = "functions/local.rs"]
mod local;
#[path = "functions/methods.rs"]
mod methods;
#[path = "functions/name.rs"]
mod name;
#[path = "functions/none_ttl.rs"]
mod none_ttl;
#[path = "functions/refresh.rs"]
mod refresh;
#[path = "functions/returns.rs"]
mod returns;
#[path = "functions/share_err.rs"]
mod share_err;
#[path = "functions/skip.rs"]
mod skip;
#[path = "functions/tags.rs"]
mod tags;
#[path = "functions/trait_impls.rs"]
mod trait_impls;
#[path = "functions/ttl.rs"]
mod ttl;
#[path = "functions/version.rs"]
mod version;

use std::time::Duration;

use cachestack::{Cache, Clock, MemoryBackend};
use cachestack_tests::Runs;

fn cache() -> Cache {
    Cache::builder().build().unwrap()
}

/// A cache whose values live for 100 s of a clock in the test's hand.
fn with_clock() -> (Cache, Clock) {
    let clock = Clock::manual();
    let memory = MemoryBackend::builder().clock(clock.clone());
    let cache = Cache::builder().layer(memory.build().unwrap());
    let cache = cache.ttl(Duration::from_secs(100)).clock(clock.clone());
    (cache.build().unwrap(), clock)
}
