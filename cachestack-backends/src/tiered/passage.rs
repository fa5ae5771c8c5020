//! One caller's way through a stack.

use std::time::Duration;

use smallvec::SmallVec;

use super::stack::{Inner, TieredCache};
use crate::fence::{Epoch, FenceToken};
use crate::key::KeyDigest;

/// One caller's way through a stack: down for a look-up and, when that found nothing, down again with what
/// was computed.
///
/// What an invalidation or a newer write overtakes is not stored any more. Both ways share one deadline for
/// each layer, and a layer that failed the look-up is not asked to store.
#[derive(Debug)]
#[must_use = "a passage is for a look-up and what is stored after it"]
pub struct Passage {
    pub(super) token: FenceToken,
    /// What is left of each layer's deadline; zero where it failed.
    pub(super) left: Left,
}

/// Times by layer, in microseconds: up to 71 minutes, and small.
#[derive(Debug, Clone)]
pub(super) struct Left(SmallVec<[u32; 4]>);

impl Left {
    pub(super) fn of(&self, layer: usize) -> Duration {
        Duration::from_micros(u64::from(self.0[layer]))
    }

    pub(super) fn set(&mut self, layer: usize, left: Duration) {
        self.0[layer] = micros(left);
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

impl Passage {
    /// Where the key stood when the passage began.
    pub fn epoch(&self) -> Epoch {
        self.token.epoch()
    }

    /// Whether nothing has overtaken it yet.
    pub fn is_current(&self) -> bool {
        self.token.is_current()
    }
}

impl TieredCache {
    /// Begins a passage: to be done before looking up, and before computing.
    pub fn passage(&self, key: KeyDigest) -> Passage {
        Passage {
            token: self.0.fence.token(key),
            left: self.0.deadlines(),
        }
    }
}

impl Inner {
    pub(super) fn deadlines(&self) -> Left {
        let deadlines = self.layers.iter().map(|layer| micros(layer.deadline));
        Left(deadlines.collect())
    }
}
