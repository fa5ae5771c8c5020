//! The settings of a cache.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use cachestack_backends::{
    AnyBackend, Clock, Error, ErrorKind, Layer, Namespace, Operation, Result, TieredBuilder,
    TieredCache, WriteStrategy,
};

use super::{Cache, Inner};
use crate::cache::changes::Changes;
use crate::cache::stats::Counters;
use crate::events::{Event, Listeners};
use crate::flight::Flights;

/// How long a waiter waits for a leader before it computes too.
const WAIT: Duration = Duration::from_secs(10);

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
        ] {
            if time == Some(Duration::ZERO) {
                let message =
                    format!("{name} is zero, it must be longer; leave it out for the default");
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
