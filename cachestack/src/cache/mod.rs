//! The cache that applications hold: a stack of stores with a namespace, and typed values in and out.
//!
//! | file | what is in it |
//! |---|---|
//! | `builder.rs` | [`CacheBuilder`] |
//! | `config.rs` | [`CacheConfig`]: a whole cache as plain data |
//! | `options.rs` | [`EntryOptions`]: what may be said of one entry |
//! | `access.rs` | reading, writing and deleting by hand |
//! | `changes.rs` | how often anything was changed by hand |
//! | `freshness.rs` | how old a value may be |
//! | `ask.rs` | what is asked for a computation, and what comes of it |
//! | `compute.rs` | looking up or computing, one computation a key |
//! | `batch/` | the same for several keys at once |
//! | `many.rs` | the batches that are written by hand |
//! | `duty.rs` | the duty to compute a value and to hand it in |
//! | `throttle.rs` | keys whose computation has just failed |
//! | `within.rs` | waiting by the cache's clock |
//! | `background.rs` | computations that run apart from their callers |
//! | `way.rs` | how a computation by hand is run |
//! | `blocking.rs` | [`BlockingCache`]: the same for sync code |
//! | `stats.rs` | [`CacheStats`] |

mod access;
mod ask;
mod background;
pub(crate) mod batch;
mod blocking;
mod builder;
pub(crate) mod changes;
mod compute;
mod config;
mod duty;
mod freshness;
pub(crate) mod many;
mod options;
mod stats;
mod throttle;
mod way;
mod within;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use cachestack_backends::{
    AnyBackend, Backend, Clock, Error, ErrorKind, Key, KeyDigest, Namespace, Result, Seen,
    TieredCache, ValueType,
};

pub(crate) use self::ask::{Ask, Beginning, Lookup, Wish};
pub(crate) use self::background::{Ticket, Work};
pub use self::blocking::BlockingCache;
pub use self::builder::CacheBuilder;
pub use self::config::CacheConfig;
pub(crate) use self::duty::{Duty, Kept};
pub(crate) use self::freshness::{Age, Aged, Policy};
pub use self::freshness::{Freshness, Timeout};
pub use self::options::EntryOptions;
pub use self::stats::CacheStats;
pub use self::way::{InBackground, InPlace, InTime};
pub(crate) use self::within::within;

use self::background::Background;
use self::changes::Changes;
use self::stats::Counters;
use self::throttle::Throttle;
use crate::events::Listeners;
use crate::flight::Flights;

/// A cache over any backend or stack of them; cheap to clone, clones are one cache.
///
/// Values go in and come out typed; keys are texts within the cache's namespace. Several caches may share
/// one store under different namespaces. All methods are `async` and need no particular runtime;
/// [`blocking`](Self::blocking) is the same for sync code.
///
/// ```
/// use cachestack::{Cache, MemoryBackend};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cachestack::Error> {
/// let cache = Cache::builder()
///     .namespace("shop")
///     .layer(MemoryBackend::builder().max_entries(10_000).build()?)
///     .build()?;
/// cache.set("greeting", String::from("hello"), None).await?;
/// assert_eq!(cache.get::<String>("greeting").await?.as_deref(), Some("hello"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cache(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    stack: TieredCache,
    namespace: Namespace,
    ttl: Option<Duration>,
    max_ttl: Option<Duration>,
    wait: Duration,
    flights: Flights,
    counters: Counters,
    listeners: Listeners,
    changes: Changes,
    freshness: Freshness,
    /// The same where anything is said.
    policy: Option<Arc<Policy>>,
    retry_after: Duration,
    throttle: Throttle,
    background: Background,
    closed: AtomicBool,
}

impl Cache {
    /// Starts without a layer; see [`CacheBuilder`].
    pub fn builder() -> CacheBuilder {
        CacheBuilder::default()
    }

    /// The namespace all keys of this cache are in.
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// The full key that `text` has in this cache.
    pub fn key(&self, text: impl AsRef<str>) -> Key {
        Key::new(&self.0.namespace, text.as_ref())
    }

    /// The stack of stores under this cache. What is written there by hand bypasses its counters, not
    /// its fence.
    pub fn stack(&self) -> &TieredCache {
        &self.0.stack
    }

    /// Where it is: no other that is held by anybody is there.
    #[inline(always)]
    pub(crate) fn at(&self) -> *const Inner {
        Arc::as_ptr(&self.0)
    }

    /// By which it is known whether anybody has the cache still.
    pub(crate) fn unkept(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    #[inline]
    pub(crate) fn clock(&self) -> &Clock {
        self.0.stack.clock()
    }

    /// Looks a function's entry up in the layers that answer at once.
    #[inline]
    pub(crate) fn peek(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen> {
        if self.is_closed() {
            return None;
        }
        self.0.stack.peek_shared(key, value_type)
    }

    /// Whether [`close`](Self::close) was called.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// Whether the two are one cache.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    #[inline]
    pub(crate) fn listeners(&self) -> &Listeners {
        &self.0.listeners
    }

    fn open(&self) -> Result<&TieredCache> {
        match self.is_closed() {
            true => Err(Error::new(ErrorKind::Closed, "this cache was closed")),
            false => Ok(&self.0.stack),
        }
    }

    /// This cache for sync code, in or out of a runtime.
    pub fn blocking(&self) -> BlockingCache {
        BlockingCache::new(self.clone())
    }
}

/// A cache without namespace over one backend, or over a [`TieredCache`] as it is.
impl<B: Backend> From<B> for Cache {
    fn from(backend: B) -> Self {
        let backend = AnyBackend::new(backend);
        builder::over(&backend)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache")
            .field("namespace", &self.0.namespace.as_str())
            .field("stack", &self.0.stack)
            .field("in_flight", &self.0.flights.len())
            .finish_non_exhaustive()
    }
}
