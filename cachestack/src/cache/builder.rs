//! The settings of a cache.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cachestack_backends::{
    AnyBackend, Clock, Error, ErrorKind, Layer, Namespace, Operation, Result, TieredBuilder,
    TieredCache, WriteStrategy,
};

use super::background::{self, Background};
use super::changes::Changes;
use super::freshness::Freshness;
use super::stats::Counters;
use super::throttle::Throttle;
use super::{Cache, Inner};
use crate::events::{Event, Listeners};
use crate::flight::Flights;

/// How long a waiter waits for a leader before it computes too.
const WAIT: Duration = Duration::from_secs(10);
/// How long after a failure the next computation is tried.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Builds a [`Cache`]; see [`Cache::builder`].
///
/// ```
/// use std::time::Duration;
/// use cachestack::{Cache, FileBackend, MemoryBackend};
///
/// # let folder = tempfile::tempdir()?;
/// let cache = Cache::builder()
///     .namespace("shop")
///     .layer(MemoryBackend::builder().max_entries(10_000).build()?)
///     .layer(FileBackend::builder(folder.path()).build()?)
///     .ttl(Duration::from_secs(600))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct CacheBuilder {
    stack: TieredBuilder,
    layers: usize,
    namespace: Namespace,
    ttl: Option<Duration>,
    max_ttl: Option<Duration>,
    wait: Duration,
    listeners: Listeners,
    freshness: Freshness,
    retry_after: Duration,
    max_background: usize,
}

impl Default for CacheBuilder {
    fn default() -> Self {
        Self {
            stack: TieredCache::builder().shared_fence(true),
            layers: 0,
            namespace: Namespace::default(),
            ttl: None,
            max_ttl: None,
            wait: WAIT,
            listeners: Listeners::default(),
            freshness: Freshness::new(),
            retry_after: RETRY_AFTER,
            max_background: background::MOST,
        }
    }
}

impl CacheBuilder {
    /// Adds a layer below those that are there: a backend, or a [`Layer`] with settings of its own.
    pub fn layer(mut self, layer: impl Into<Layer>) -> Self {
        self.stack = self.stack.layer(layer);
        self.layers += 1;
        self
    }

    /// The namespace of all keys. Default: the empty one.
    pub fn namespace(mut self, namespace: impl Into<Namespace>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// How long an entry lives that is stored without a ttl of its own. Default: what each layer says.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// The longest any entry lives, whatever it is stored with. Default: no limit.
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.max_ttl = Some(max_ttl);
        self
    }

    /// How long callers wait for the one that computes, before one of them computes too, by the cache's
    /// clock. Default: 10 s.
    ///
    /// Who would wait for itself computes at once: a call from within the computation of its own key, on the
    /// same thread or in the same task (in `join!` and `select!` too), and sync code that blocks the only
    /// thread of a tokio runtime of one thread, or the task, in which the computation was last polled.
    ///
    /// Not seen, and held up for this long, is a computation that waits for another task or thread which waits
    /// for it: one that spawns a task that calls it, two that call each other from two tasks, and sync code
    /// that blocks a thread which the computation needs in another way: as the task that a worker runs next,
    /// in a `LocalSet` in a runtime of several threads, in an executor other than tokio's, or blocked by other
    /// means than a cached function or [`BlockingCache`](crate::BlockingCache).
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// For how long after its ttl a value is served at once while a new one is computed, unless its function or call
    /// says otherwise. Default: not at all.
    ///
    /// Of what says nothing of `stale_while_revalidate`, `refresh_ahead` and `timeout` itself, nobody knows whether it
    /// can run in the background: there one caller computes the new value in its own place, and the others are served.
    /// An entry needs a ttl of its call or of this cache to become stale.
    pub fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.freshness = self.freshness.stale_while_revalidate(time);
        self
    }

    /// For how long after its ttl a value is served where computing a new one fails, unless its function or call says
    /// otherwise. Default: not at all.
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.freshness = self.freshness.stale_if_error(time);
        self
    }

    pub(super) fn freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// How long after a failed computation the next is tried, where there is an old value to serve meanwhile.
    /// Default: 5 s.
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = time;
        self
    }

    /// After what part of its ttl a value is computed anew by a hit: above 0 and below 1. Default: never.
    pub fn refresh_ahead(mut self, part: f64) -> Self {
        self.freshness = self.freshness.refresh_ahead(part);
        self
    }

    /// How long a computation is waited for where there is a stale value that may be served. Default: to its end. Where
    /// the computation runs in its caller's place it is dropped then; sync code cannot drop it and waits.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.freshness = self.freshness.timeout(time);
        self
    }

    /// How long a call of a function takes at most that has `hard_timeout` among its arguments. Default: for ever.
    pub fn hard_timeout(mut self, time: Duration) -> Self {
        self.freshness = self.freshness.hard_timeout(time);
        self
    }

    /// By what part of it a ttl is shortened at most, at random, so that what is stored together does not end
    /// together: from 0 to 1. Default: 0.
    pub fn jitter(mut self, part: f64) -> Self {
        self.freshness = self.freshness.jitter(part);
        self
    }

    /// How many computations run in the background at once, those that wait for a thread included. A refresh beyond
    /// that is left to the next call. Default: 64. Sync code has 4 threads for it in each process.
    pub fn max_background(mut self, max_background: usize) -> Self {
        self.max_background = max_background;
        self
    }

    /// When layers get what is set. Default: [`WriteStrategy::WriteThrough`].
    pub fn write_strategy(mut self, strategy: WriteStrategy) -> Self {
        self.stack = self.stack.write_strategy(strategy);
        self
    }

    /// Whether failures of the stack are only counted, and an operation by hand does as if nothing were
    /// there. Cached functions never fail by their cache anyway. Default: no.
    pub fn silent(mut self, silent: bool) -> Self {
        self.stack = self.stack.silent(silent);
        self
    }

    /// The clock that entries, leases and pauses live by. Default: the system's. Each layer that was given none has it
    /// from here; one that was given one must have the same.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.stack = self.stack.clock(clock);
        self
    }

    /// Calls `listener` with what became of each call of a cached function and of
    /// [`get_or_compute`](Cache::get_or_compute) and its kin, and with what came beside it. Given several times, all
    /// are called.
    ///
    /// A listener runs on the caller's thread before the call returns, when nobody waits for its computation any
    /// more and nothing is locked; so it should be quick, and it may call cached functions. What it does itself is
    /// not told to listeners. When it panics, the call goes on, and the first panic is traced. An async call that is
    /// dropped before it ends may tell nothing. Reading and writing by hand is counted by the stack alone.
    ///
    /// The same is traced at the target `cachestack`, hits at `TRACE` and the rest at `DEBUG`, with the fields
    /// `function`, `namespace`, `layer`, `depth` and `took`, and counted in [`CacheStats`](crate::CacheStats) and
    /// [`FunctionStats`](crate::FunctionStats).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use cachestack::{Cache, Outcome, cached};
    ///
    /// #[cached(ttl = 60)]
    /// fn double(x: u64) -> u64 {
    ///     x * 2
    /// }
    ///
    /// let hits = Arc::new(AtomicU64::new(0));
    /// let cache = Cache::builder().on_event({
    ///     let hits = Arc::clone(&hits);
    ///     move |event| match event.outcome() {
    ///         Outcome::Hit => drop(hits.fetch_add(1, Ordering::Relaxed)),
    ///         Outcome::Computed => println!("{:?} took {:?}", event.function(), event.took()),
    ///         other => println!("{other}: {event:?}"),
    ///     }
    /// });
    /// cache.build()?.sync_scope(|| (double(4), double(4)));
    /// assert_eq!(hits.load(Ordering::Relaxed), 1);
    /// # Ok::<(), cachestack::Error>(())
    /// ```
    pub fn on_event(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.listeners.add(listener);
        self
    }

    /// Makes the cache. Without a layer it is over an embedded memory store of 10,000 entries, where the
    /// feature `memory` is on.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when a time is zero, or there is no layer and no memory store.
    pub fn build(self) -> Result<Cache> {
        for (name, time) in [
            ("ttl", self.ttl),
            ("max_ttl", self.max_ttl),
            ("wait", Some(self.wait)),
            ("retry_after", Some(self.retry_after)),
            (
                "stale_while_revalidate",
                self.freshness.stale_while_revalidate,
            ),
            ("stale_if_error", self.freshness.stale_if_error),
            ("timeout", self.freshness.timeout),
            ("hard_timeout", self.freshness.hard_timeout),
        ] {
            if time == Some(Duration::ZERO) {
                let message =
                    format!("{name} is zero, it must be longer; leave it out for the default");
                let error = Error::new(ErrorKind::Config, message);
                return Err(error.at("cache", Operation::Open));
            }
        }
        for (name, part, allowed) in [
            (
                "refresh_ahead",
                self.freshness.refresh_ahead,
                "above 0 and below 1",
            ),
            ("jitter", self.freshness.jitter, "from 0 to 1"),
        ] {
            let Some(part) = part else { continue };
            let is_end = part == 0.0 || part == 1.0;
            if !(0.0..=1.0).contains(&part) || name == "refresh_ahead" && is_end {
                let message = format!("{name} is {part}, it is a part of the ttl: {allowed}");
                let error = Error::new(ErrorKind::Config, message);
                return Err(error.at("cache", Operation::Open));
            }
        }
        #[cfg(feature = "memory")]
        let stack = match self.layers {
            0 => self
                .stack
                .layer(cachestack_backends::MemoryBackend::default()),
            _ => self.stack,
        };
        #[cfg(not(feature = "memory"))]
        let stack = self.stack;
        Ok(Cache(Arc::new(Inner {
            namespace: self.namespace,
            ttl: self.ttl,
            max_ttl: self.max_ttl,
            wait: self.wait,
            listeners: self.listeners,
            freshness: self.freshness,
            policy: (!self.freshness.is_silent())
                .then(|| Arc::new(self.freshness.resolve(&Freshness::new()))),
            retry_after: self.retry_after,
            background: Background::new(self.max_background),
            ..Inner::over(stack.build()?)
        })))
    }
}

impl Inner {
    /// With the default settings.
    fn over(stack: TieredCache) -> Self {
        Self {
            stack,
            namespace: Namespace::default(),
            ttl: None,
            max_ttl: None,
            wait: WAIT,
            flights: Flights::default(),
            counters: Counters::default(),
            listeners: Listeners::default(),
            changes: Changes::default(),
            freshness: Freshness::new(),
            policy: None,
            retry_after: RETRY_AFTER,
            throttle: Throttle::default(),
            background: Background::new(background::MOST),
            closed: AtomicBool::new(false),
        }
    }
}

/// A cache with default settings over that backend.
pub(super) fn over(backend: &AnyBackend) -> Cache {
    let stack = match backend.downcast_ref::<TieredCache>() {
        Some(stack) => Ok(stack.clone()),
        None => TieredCache::builder()
            .shared_fence(true)
            .layer(backend.clone())
            .build(),
    };
    // Only a stack without layers, or with a ttl of zero, is refused.
    let Ok(stack) = stack else {
        unreachable!("a stack of one layer without settings")
    };
    Cache(Arc::new(Inner::over(stack)))
}
