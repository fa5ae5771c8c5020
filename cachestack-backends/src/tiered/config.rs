//! The settings of a stack.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TieredCache;
use crate::backend::{AnyBackend, Backend, BackendInfo};
use crate::clock::Clock;
use crate::duration;
use crate::error::{Error, ErrorKind, Operation, Result};

/// How long one operation on a layer may take, unless it is set.
const DEADLINE: Duration = Duration::from_secs(2);
/// How many time-outs in a row open a layer's breaker, unless it is set.
const BREAKER_FAILURES: u32 = 3;
/// How many keys may wait for a layer, unless it is set.
const MAX_PENDING: usize = 10_000;

/// When a stack's layers get what is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WriteStrategy {
    /// Every layer before `set` returns, the lowest first. The default.
    #[default]
    WriteThrough,
    /// The layers in memory, or the top layer, before `set` returns; the others in the background.
    ///
    /// What waits for a layer answers for it, survives failures of that layer by being told again, and is
    /// lost when the process ends without [`flush`](TieredCache::flush) or `close`. The newest change of a
    /// key replaces the one that waits. Deletions and clears wait in the same way, so other processes see
    /// them later. All layers but the top must be [`detached`](crate::BackendInfo::detached).
    WriteBack,
}

/// A backend with what the stack should know of it beyond what it says itself.
///
/// ```
/// use std::time::Duration;
/// use cachestack_backends::{Layer, MemoryBackend, TieredCache};
///
/// let top = Layer::new(MemoryBackend::default()).max_ttl(Duration::from_secs(5));
/// let stack = TieredCache::builder().layer(top).layer(MemoryBackend::default()).build()?;
/// # Ok::<(), cachestack_backends::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a layer does nothing until it is put on a stack"]
pub struct Layer {
    pub(super) backend: AnyBackend,
    pub(super) max_ttl: Option<Duration>,
    pub(super) deadline: Duration,
    pub(super) breaker_failures: u32,
    pub(super) max_pending: usize,
    pub(super) silent: bool,
}

impl Layer {
    /// A layer of that backend, as it is.
    pub fn new(backend: impl Backend) -> Self {
        Self {
            backend: AnyBackend::new(backend),
            max_ttl: None,
            deadline: DEADLINE,
            breaker_failures: BREAKER_FAILURES,
            max_pending: MAX_PENDING,
            silent: false,
        }
    }

    /// How long the stack waits for one operation on this layer; a function's look-up and what it stores
    /// share it. Layers in memory answer at once and have none; operations on a whole namespace have 30 s.
    /// Default: 2 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How many time-outs in a row open the layer's breaker; a connection that is refused opens it at once.
    /// While it is open, the layer is passed over without being asked, and probed in the background every
    /// 25 to 200 ms (by a caller, where the layer is not [`detached`](crate::BackendInfo::detached)).
    /// Default: 3.
    pub fn breaker_failures(mut self, breaker_failures: u32) -> Self {
        self.breaker_failures = breaker_failures;
        self
    }

    /// For how many keys the stack remembers what this layer has yet to be told: deletions and overwrites
    /// that it did not take, and, with [`WriteStrategy::WriteBack`], what waits to be written. Beyond it the
    /// layer is not read in that key's namespace until the namespace has been cleared there. Default:
    /// 10,000.
    pub fn max_pending(mut self, max_pending: usize) -> Self {
        self.max_pending = max_pending;
        self
    }

    /// Whether failures of this layer are only counted, and operations by hand succeed without it. What it
    /// missed is told to it later all the same. Default: no.
    pub fn silent(mut self, silent: bool) -> Self {
        self.silent = silent;
        self
    }

    /// The longest this layer keeps an entry, in this stack, whatever its backend allows. It replaces the
    /// 30 s that a memory layer has above a store other processes write to.
    pub fn max_ttl(mut self, max_ttl: Duration) -> Self {
        self.max_ttl = Some(max_ttl);
        self
    }
}

impl<B: Backend> From<B> for Layer {
    fn from(backend: B) -> Self {
        Self::new(backend)
    }
}

/// Builds a [`TieredCache`]; see [`TieredCache::builder`].
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct TieredBuilder {
    pub(super) layers: Vec<Layer>,
    pub(super) strategy: WriteStrategy,
    pub(super) silent: bool,
    pub(super) clock: Option<Clock>,
    pub(super) shared_fence: bool,
}

impl TieredBuilder {
    /// Adds a layer below those that are there: a backend, or a [`Layer`] with settings of its own.
    pub fn layer(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    /// When layers get what is set. Default: [`WriteStrategy::WriteThrough`].
    pub fn write_strategy(mut self, strategy: WriteStrategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Whether failures are only counted, and the operation does as if nothing were there. Default: no.
    pub fn silent(mut self, silent: bool) -> Self {
        self.silent = silent;
        self
    }

    /// The clock entries live by. Default: the system's. Each layer that was given none has it from here; one that
    /// was given one must have the same. A stack that is a layer itself has its own.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Whether to use the fence of the lowest layer's backend, so that two stacks over clones of it fence
    /// each other. Not for a stack that will be a layer of another. Default: no.
    pub fn shared_fence(mut self, shared: bool) -> Self {
        self.shared_fence = shared;
        self
    }

    /// Makes the stack.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) without a layer, when a layer's `max_ttl`, `deadline`, `breaker_failures`
    /// or `max_pending` is zero, or when a layer cannot be written back to.
    pub fn build(self) -> Result<TieredCache> {
        self.check().map_err(|e| e.at("tiered", Operation::Open))?;
        Ok(TieredCache::from_builder(self))
    }

    fn check(&self) -> Result<()> {
        if self.layers.is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "a stack needs at least one layer: add one with `.layer(MemoryBackend::default())`",
            ));
        }
        for layer in &self.layers {
            duration::check_not_zero("max_ttl", layer.max_ttl)?;
            duration::check_not_zero("deadline", Some(layer.deadline))?;
            check_some("breaker_failures", Some(layer.breaker_failures as usize))?;
            check_some("max_pending", Some(layer.max_pending))?;
        }
        let infos: Vec<BackendInfo> = self.layers.iter().map(|it| it.backend.info()).collect();
        let immediate = infos.iter().take_while(|info| info.immediate).count();
        let mut later = infos.iter().skip(immediate.max(1));
        match later.find(|info| !info.detached) {
            Some(info) if self.strategy == WriteStrategy::WriteBack => Err(Error::new(
                ErrorKind::Config,
                format!(
                    "`{}` works only on its caller's runtime and cannot be written back to; use \
                     `WriteStrategy::WriteThrough`",
                    info.name
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Refuses a number of zero for the setting of that name.
pub(super) fn check_some(name: &str, number: Option<usize>) -> Result<()> {
    match number {
        Some(0) => Err(Error::new(
            ErrorKind::Config,
            format!("{name} is 0, it must be at least 1"),
        )),
        _ => Ok(()),
    }
}
