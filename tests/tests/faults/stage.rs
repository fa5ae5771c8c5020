//! A server with a proxy before it, and the caches over it.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use cachestack::{Backend, Cache, CacheBuilder, Layer, MemoryBackend, Stats};
use cachestack_tests::Proxy;
use tokio::runtime::{Builder, Runtime};

use super::functions::{Source, Value, sync_value, value};
use super::store::{Kind, Settings, Store};
use super::table;

/// What one operation of a stack on a layer may take.
pub(super) const DEADLINE: Duration = Duration::from_millis(150);
/// What a busy machine may add.
pub(super) const SLACK: Duration = Duration::from_millis(400);
/// How long a server that is back may go unused: a second, and what a busy machine may add.
pub(super) const BACK: Duration = Duration::from_millis(1_800);

/// What nothing takes that works at all.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Where the store stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Alone,
    BelowMemory,
}

/// A store at a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) place: Place,
}

impl Case {
    pub(super) fn row(&self, rule: &str, measured: impl fmt::Display) {
        table::row(self.name, rule, measured);
    }
}

/// A server of its own for one test.
pub(super) struct Stage {
    pub(super) case: Case,
    pub(super) store: Store,
    pub(super) proxy: Proxy,
    /// The namespace of all caches, and the table where there is one.
    pub(super) name: String,
}

/// A cache, and the memory on top of it, if any.
#[derive(Clone)]
pub(super) struct Stacked {
    pub(super) cache: Cache,
    memory: Option<MemoryBackend>,
}

impl Stage {
    pub(super) fn new(case: Case) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let store = Store::start(case.kind);
        Self {
            proxy: Proxy::to(store.addr()),
            name: format!("faults {}", COUNT.fetch_add(1, Ordering::Relaxed)),
            store,
            case,
        }
    }

    /// The server's own address.
    pub(super) fn dsn(&self) -> String {
        self.store.dsn_at(self.store.addr().port())
    }

    /// The proxy's.
    pub(super) fn dsn_of_proxy(&self) -> String {
        self.store.dsn_at(self.proxy.port())
    }

    /// The case's cache.
    pub(super) fn cache(&self) -> Stacked {
        self.cache_at(&self.dsn(), &Settings::default(), |layer| layer)
    }

    /// The same by the proxy.
    pub(super) fn cache_by_proxy(&self) -> Stacked {
        self.cache_at(&self.dsn_of_proxy(), &Settings::default(), |layer| layer)
    }

    pub(super) fn cache_at(
        &self,
        dsn: &str,
        settings: &Settings,
        layer: impl FnOnce(Layer) -> Layer,
    ) -> Stacked {
        let backend = self.case.kind.open(dsn, &self.name, settings);
        self.stack(layer(Layer::new(backend).deadline(DEADLINE)))
    }

    /// The case's cache over that layer.
    pub(super) fn stack(&self, layer: Layer) -> Stacked {
        self.stack_with(layer, |builder| builder)
    }

    pub(super) fn stack_with(
        &self,
        layer: Layer,
        with: impl FnOnce(CacheBuilder) -> CacheBuilder,
    ) -> Stacked {
        let memory = (self.case.place == Place::BelowMemory).then(MemoryBackend::default);
        let builder = Cache::builder().namespace(self.name.as_str());
        let builder = match &memory {
            Some(memory) => builder.layer(memory.clone()),
            None => builder,
        };
        Stacked {
            cache: with(builder.layer(layer)).build().unwrap(),
            memory,
        }
    }

    /// The case's cache by the proxy, where nothing is to fail because the machine is busy.
    pub(super) fn patient_cache(&self) -> Stacked {
        let settings = Settings {
            timeout: PATIENCE,
            ..Settings::default()
        };
        let dsn = self.dsn_of_proxy();
        self.cache_at(&dsn, &settings, |layer| layer.deadline(PATIENCE))
    }

    /// A patient cache over the server alone, as another process would have it.
    pub(super) fn witness(&self) -> Cache {
        let settings = Settings {
            timeout: PATIENCE,
            ..Settings::default()
        };
        let backend = self.case.kind.open(&self.dsn(), &self.name, &settings);
        let builder = Cache::builder().namespace(self.name.as_str());
        builder.layer(backend).build().unwrap()
    }
}

impl Stacked {
    /// Empties the memory on top, as evictions would.
    pub(super) fn evict(&self) {
        if let Some(memory) = &self.memory {
            // It answers at once, whatever executor this is in.
            let mut clear = pin!(memory.clear(self.cache.namespace()));
            let done = clear.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(done, Poll::Ready(Ok(()))));
        }
    }

    /// Calls the async function for even keys and the sync one for odd ones, outside of any runtime or on a
    /// runtime of its own; with how long that took.
    pub(super) fn call(&self, id: u64, source: &Source) -> (Value, Duration) {
        let runtime = (id % 2 == 0).then(runtime);
        let began = Instant::now();
        let value = match runtime {
            Some(runtime) => runtime.block_on(self.cache.scope(value(id, source))),
            None => self.cache.sync_scope(|| sync_value(id, source)),
        };
        let took = began.elapsed();
        value.version_of(id);
        (value, took)
    }

    /// What was counted for the store.
    pub(super) fn stats(&self) -> Stats {
        let mut stats = self.cache.blocking().stats().unwrap();
        stats.stack.layers.pop().unwrap()
    }

    /// How long it takes until what a function computes is in the store.
    ///
    /// # Panics
    /// When that takes 10 s.
    pub(super) fn until_used(&self, witness: &Cache) -> Duration {
        static FRESH: AtomicU32 = AtomicU32::new(0);
        let began = Instant::now();
        let source = Source::default();
        let runtime = runtime();
        loop {
            let id = 1_000_000 + u64::from(FRESH.fetch_add(1, Ordering::Relaxed));
            runtime.block_on(self.cache.scope(value(id, &source)));
            let entry = witness.sync_scope(|| value::entry(id));
            if matches!(entry.blocking().get(), Ok(Some(_))) {
                return began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(10), "it is not used");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A runtime for one test.
pub(super) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs it to its end on a runtime of its own.
pub(super) fn run<F: Future>(future: F) -> F::Output {
    runtime().block_on(future)
}
