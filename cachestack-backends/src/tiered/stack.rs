//! What a stack is made of, and how long its layers keep things.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::background::Background;
use super::config::{TieredBuilder, WriteStrategy};
use crate::backend::{AnyBackend, Backend, BackendInfo, Report};
use crate::clock::Clock;
use crate::entry::ValueType;
use crate::error::{Error, Result};
use crate::fence::{Fence, FenceToken};
use crate::key::KeyDigest;
use crate::stats::Counters;

/// How long a memory layer keeps what other processes may change below it.
const ABOVE_SHARED: Duration = Duration::from_secs(30);

/// How long each layer keeps an entry, top first; `None` is without end.
pub(super) type Kept = SmallVec<[Option<Duration>; 4]>;

/// A stack of backends that is a backend itself; clones share it.
///
/// Reads go top-down; what a lower layer has is copied into the layers above it, for no longer than it
/// has left there. A layer that fails is passed over and counted. Writes go into every layer, the lowest
/// first, and no layer keeps an entry longer than the one below it. A deletion wins over every look-up
/// and copy that began before it.
///
/// ```
/// use cachestack_backends::{FileBackend, MemoryBackend, TieredCache};
///
/// # let folder = tempfile::tempdir()?;
/// let stack = TieredCache::builder()
///     .layer(MemoryBackend::builder().max_entries(1_000).build()?)
///     .layer(FileBackend::builder(folder.path()).build()?)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TieredCache(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) layers: Vec<StackLayer>,
    /// So many layers from the top answer at once; a deletion takes them and the fence in one step.
    pub(super) immediate: usize,
    pub(super) strategy: WriteStrategy,
    pub(super) clock: Clock,
    pub(super) fence: Fence,
    pub(super) report: Report,
    pub(super) background: Background,
}

pub(super) struct StackLayer {
    pub(super) backend: AnyBackend,
    pub(super) info: BackendInfo,
    /// What the stack saw of it: the errors it passed over, the copies it made into it.
    pub(super) seen: Counters,
}

impl StackLayer {
    /// Whether the layer can hold values of that type at all.
    pub(super) fn takes(&self, value_type: &ValueType) -> bool {
        self.info.typed || !value_type.is_local()
    }

    /// Counts an error that is not the caller's to see.
    pub(super) fn pass_over(&self, error: &Error) {
        self.seen.errors.add(1);
        tracing::warn!(target: "cachestack", layer = %self.info.name, %error, "layer passed over");
    }
}

impl TieredCache {
    /// Starts without a layer. The first that is added is the top, L1.
    pub fn builder() -> TieredBuilder {
        TieredBuilder::default()
    }

    pub(super) fn from_builder(builder: TieredBuilder) -> Self {
        let infos: Vec<BackendInfo> = builder.layers.iter().map(|it| it.backend.info()).collect();
        let lowest = builder.layers.last().filter(|_| builder.shared_fence);
        let fence = lowest.and_then(|lowest| lowest.backend.fence());
        let layers = builder
            .layers
            .into_iter()
            .enumerate()
            .map(|(index, layer)| {
                let mut info = infos[index].clone();
                let shared_below = infos[index + 1..].iter().any(|below| below.shared);
                if shared_below && info.typed && info.max_ttl.is_none() {
                    info.max_ttl = Some(ABOVE_SHARED);
                }
                info.max_ttl = layer.max_ttl.or(info.max_ttl);
                StackLayer {
                    backend: layer.backend,
                    info,
                    seen: Counters::default(),
                }
            });
        let layers: Vec<StackLayer> = layers.collect();
        Self(Arc::new(Inner {
            immediate: layers.iter().take_while(|it| it.info.immediate).count(),
            layers,
            strategy: builder.strategy,
            clock: builder.clock,
            fence: fence.unwrap_or_default(),
            report: Report::new("tiered", builder.silent),
            background: Background::default(),
        }))
    }

    /// The clock entries live by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// When layers get what is set.
    pub fn write_strategy(&self) -> WriteStrategy {
        self.0.strategy
    }

    /// How many layers there are, at least 1.
    pub fn depth(&self) -> usize {
        self.0.layers.len()
    }

    /// Takes the token that [`store`](Self::store) asks for: before looking up, and before computing.
    pub fn token(&self, key: KeyDigest) -> FenceToken {
        self.0.fence.token(key)
    }

    /// Waits until what is being copied in the background has arrived.
    ///
    /// # Errors
    /// [`Timeout`](crate::ErrorKind::Timeout) after 30 s.
    pub async fn flush(&self) -> Result<()> {
        self.0.background.drain().await
    }
}

impl Inner {
    /// The layers that answer at once, with their numbers.
    pub(super) fn immediate_layers(&self) -> impl DoubleEndedIterator<Item = (usize, &StackLayer)> {
        self.layers[..self.immediate].iter().enumerate()
    }

    /// The layers below those, with their numbers.
    pub(super) fn slow_layers(&self) -> impl DoubleEndedIterator<Item = (usize, &StackLayer)> {
        self.layers.iter().enumerate().skip(self.immediate)
    }

    /// How long each layer keeps an entry that is to live so long: as it wants, but no longer than the
    /// layer below it.
    pub(super) fn kept(&self, requested: Option<Duration>) -> Kept {
        self.kept_above(self.layers.len(), requested, None)
    }

    /// The same for the layers above number `below`, which has the entry for so long itself.
    pub(super) fn kept_above(
        &self,
        below: usize,
        requested: Option<Duration>,
        left_below: Option<Duration>,
    ) -> Kept {
        let mut most = left_below;
        let mut kept: Kept = self.layers[..below]
            .iter()
            .rev()
            .map(|layer| {
                let wants = layer.info.keeps_for(requested);
                most = match (wants, most) {
                    (Some(wants), Some(most)) => Some(wants.min(most)),
                    (wants, most) => wants.or(most),
                };
                most
            })
            .collect();
        kept.reverse();
        kept
    }
}

impl fmt::Debug for TieredCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.layers.iter().map(|it| &it.info.name).collect();
        f.debug_struct("TieredCache")
            .field("layers", &names)
            .field("write_strategy", &self.0.strategy)
            .finish_non_exhaustive()
    }
}
