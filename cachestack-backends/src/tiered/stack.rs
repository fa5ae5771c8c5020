//! What a stack is made of, and how long its layers keep things.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smallvec::{SmallVec, smallvec};

use super::background::Background;
use super::config::{TieredBuilder, WriteStrategy};
use super::layer::{Crew, StackLayer};
use crate::backend::{AnyBackend, Backend, BackendInfo, Report};
use crate::changes::Changes;
use crate::clock::Clock;
use crate::fence::Fence;
use crate::generation;
use crate::stats::{Tally, TallyCell};

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
    pub(super) layers: Vec<Arc<StackLayer>>,
    /// The top layer's backend, where that answers at once: all that a hit in memory goes through.
    pub(super) top: Option<AnyBackend>,
    /// What copies of its entries are compared with.
    pub(super) changes: Option<Changes>,
    /// Look-ups that such copies answered.
    pub(super) hits_of_copies: Option<Arc<Tally>>,
    /// So many layers from the top answer at once; a deletion takes them and the fence in one step.
    pub(super) immediate: usize,
    /// So many layers from the top have what is written before its caller goes on; for the others it waits.
    pub(super) prompt: usize,
    /// Whether a layer keeps the numbers of generations.
    pub(super) numbered: bool,
    /// For how long a number may be relied on that others can replace; `None` where nobody else can.
    pub(super) stale_after: Option<Duration>,
    pub(super) strategy: WriteStrategy,
    pub(super) clock: Clock,
    pub(super) fence: Fence,
    pub(super) report: Report,
    pub(super) background: Background,
    pub(super) crew: Arc<Crew>,
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
        let crew = Arc::new(Crew::default());
        let clock = builder.clock.unwrap_or_default();
        let theirs = builder.layers.iter().map(|it| it.backend.clock());
        theirs.flatten().for_each(|theirs| theirs.adopt(&clock));
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
                StackLayer::new(layer, info, &crew, &clock)
            });
        let layers: Vec<Arc<StackLayer>> = layers.collect();
        let immediate = layers.iter().take_while(|it| it.info.immediate).count();
        let changes = layers[..immediate.min(1)].first();
        let changes = changes.and_then(|top| top.backend.changes());
        let shared = layers.iter().any(|it| it.info.shared);
        let memory = layers.iter().find(|it| it.is_plain());
        let memory_keeps = memory.and_then(|it| it.info.max_ttl).unwrap_or_default();
        Self(Arc::new(Inner {
            numbered: layers.iter().any(|it| it.keeps_numbers()),
            stale_after: shared.then_some(memory_keeps),
            hits_of_copies: changes.as_ref().map(Changes::count_hits),
            changes,
            top: (immediate > 0).then(|| layers[0].backend.clone()),
            immediate,
            prompt: match builder.strategy {
                WriteStrategy::WriteThrough => layers.len(),
                WriteStrategy::WriteBack => immediate.max(1),
            },
            layers,
            crew,
            strategy: builder.strategy,
            clock,
            fence: fence.unwrap_or_default(),
            report: Report::new("tiered", builder.silent),
            background: Background::default(),
        }))
    }

    /// The clock entries live by.
    #[inline]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// What copies of what [`peek`](Backend::peek) finds are compared with, where they may be kept.
    #[doc(hidden)]
    #[inline]
    pub fn changes(&self) -> Option<&Changes> {
        self.0.changes.as_ref()
    }

    /// Where this thread counts look-ups that are answered by such copies, for the stack and for its top layer.
    #[doc(hidden)]
    pub fn hits_of_copies(&self) -> Option<TallyCell> {
        self.0.hits_of_copies.as_ref()?.cell()
    }

    /// Whether every layer is a map in this process: nobody ever waits for one.
    #[inline]
    pub(super) fn is_in_process(&self) -> bool {
        !self.0.numbered
    }

    /// When layers get what is set.
    pub fn write_strategy(&self) -> WriteStrategy {
        self.0.strategy
    }

    /// The name of the store in that layer; 0 is the top.
    pub fn layer_name(&self, index: usize) -> Option<&str> {
        let layer = self.0.layers.get(index)?;
        Some(&layer.info.name)
    }

    /// How many layers there are, at least 1.
    pub fn depth(&self) -> usize {
        self.0.layers.len()
    }
}

impl Inner {
    /// The layers that answer at once, with their numbers.
    pub(super) fn immediate_layers(
        &self,
    ) -> impl DoubleEndedIterator<Item = (usize, &Arc<StackLayer>)> {
        self.layers[..self.immediate].iter().enumerate()
    }

    /// The layers below those that a writer waits for, with their numbers.
    pub(super) fn slow_layers(&self) -> impl DoubleEndedIterator<Item = (usize, &Arc<StackLayer>)> {
        let slow = self.layers[..self.prompt].iter().enumerate();
        slow.skip(self.immediate)
    }

    /// The layers that what is written waits for, with their numbers.
    pub(super) fn later_layers(&self) -> impl Iterator<Item = (usize, &Arc<StackLayer>)> {
        self.layers.iter().enumerate().skip(self.prompt)
    }

    /// How long each layer keeps an entry that is to live so long: as it wants, but no longer than the
    /// layer below it.
    pub(super) fn kept(&self, requested: Option<Duration>) -> Kept {
        match &self.layers[..] {
            [only] => smallvec![only.info.keeps_for(requested)],
            layers => self.kept_above(layers.len(), requested, None),
        }
    }

    /// The same for the number of a generation, which what depends on it must not outlive: the lowest store decides.
    pub(super) fn kept_of_number(&self) -> Kept {
        let is_copy = |index: usize| self.layers[index + 1..].iter().any(|it| it.keeps_numbers());
        let layers = 0..self.layers.len();
        layers
            .map(|index| is_copy(index).then_some(generation::COPY))
            .collect()
    }

    /// How long the layers above number `below`, which has the entry for so long itself, keep one that is to live so long.
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
