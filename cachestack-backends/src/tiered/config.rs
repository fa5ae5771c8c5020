//! The settings of a stack.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TieredCache;
use crate::backend::{AnyBackend, Backend};
use crate::clock::Clock;
use crate::duration;
use crate::error::{Error, ErrorKind, Operation, Result};

/// When a stack's layers get what is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WriteStrategy {
    /// Every layer before `set` returns, the lowest first. The default.
    #[default]
    WriteThrough,
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
}

impl Layer {
    /// A layer of that backend, as it is.
    pub fn new(backend: impl Backend) -> Self {
        Self {
            backend: AnyBackend::new(backend),
            max_ttl: None,
        }
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
    pub(super) clock: Clock,
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

    /// The clock entries live by. Default: the system's. Every layer must have the
    /// same.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
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
    /// [`Config`](ErrorKind::Config) without a layer, or when a layer's `max_ttl` is zero.
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
        self.layers
            .iter()
            .try_for_each(|layer| duration::check_not_zero("max_ttl", layer.max_ttl))
    }
}
