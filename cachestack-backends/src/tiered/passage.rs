//! One caller's way through a stack.

use std::sync::Arc;
use std::time::Duration;

use smallvec::SmallVec;

use super::stack::{Inner, TieredCache};
use crate::fence::{Epoch, FenceToken};
use crate::generation::{Dependency, Live, Lives};
use crate::key::{Key, Namespace};

/// One caller's way through a stack: down for a look-up and, when that found nothing, down again with what
/// was computed.
///
/// What an invalidation or a newer write overtakes is not stored any more: of the key, of a tag or function
/// that the passage depends on, or of the namespace. Both ways share one deadline for each layer, and a layer
/// that failed the look-up is not asked to store.
#[derive(Debug)]
#[must_use = "a passage is for a look-up and what is stored after it"]
pub struct Passage {
    pub(super) token: FenceToken,
    /// What the key depends on, as it was before the look-up, or as the look-up found it.
    pub(super) lives: Lives,
    /// What is left of each layer's deadline; zero where it failed.
    pub(super) left: Left,
    /// Which layer had what was looked up.
    pub(super) found_in: Option<usize>,
}

/// Times by layer, in microseconds: up to 71 minutes, and small. None where every layer is in this process.
#[derive(Debug, Clone)]
pub(super) struct Left(SmallVec<[u32; 4]>);

impl Left {
    pub(super) fn of(&self, layer: usize) -> Duration {
        let left = self.0.get(layer).copied();
        Duration::from_micros(left.unwrap_or(u32::MAX).into())
    }

    pub(super) fn set(&mut self, layer: usize, left: Duration) {
        if let Some(here) = self.0.get_mut(layer) {
            *here = micros(left);
        }
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

impl Passage {
    /// Where the key, and what it depends on, stood when the passage began.
    pub fn epoch(&self) -> Epoch {
        self.token.epoch()
    }

    /// What tells later whether what the key depends on was invalidated meanwhile.
    pub fn watch(&self) -> Watch {
        Watch(self.lives.clone())
    }

    /// The layer in which the [look-up](TieredCache::look_up) found something; 0 is the top.
    pub fn found_in(&self) -> Option<usize> {
        self.found_in
    }

    /// Whether nothing has overtaken it yet.
    pub fn is_current(&self) -> bool {
        self.token.is_current() && !have_ended(&self.lives)
    }
}

/// Whether one of them has ended.
pub(super) fn have_ended(lives: &[Arc<Live>]) -> bool {
    lives.iter().any(|live| live.has_ended())
}

impl TieredCache {
    /// Begins a passage: to be done before looking up, and before computing.
    pub fn passage(&self, key: &Key) -> Passage {
        self.passage_depending(key, &[])
    }

    /// The same for what depends on tags or a function beside its namespace.
    pub fn passage_depending(&self, key: &Key, on: &[Dependency]) -> Passage {
        let lives = self.0.lives(key.namespace(), on);
        let token = self.0.fence.token(key.digest());
        Passage {
            token: token.of_generations(as_one(&lives)),
            lives,
            left: self.0.deadlines(),
            found_in: None,
        }
    }
}

/// Tells whether what a key depended on when its passage began has been invalidated since.
#[derive(Debug, Clone, Default)]
pub struct Watch(Lives);

impl Watch {
    /// Whether it has.
    pub fn is_overtaken(&self) -> bool {
        have_ended(&self.0)
    }
}

/// A number that is another one when any of them is: their numbers never come again. Functions are left out:
/// those that share a key share its computations, and each looks whether the other's was overtaken.
fn as_one(lives: &Lives) -> u128 {
    let shared = lives.iter().filter(|live| !live.is_function());
    let mut ids = shared.map(|live| live.id());
    match (ids.next(), ids.next()) {
        (None, _) => 0,
        (Some(id), None) => u128::from(id),
        (Some(first), Some(second)) => of_several([first, second].into_iter().chain(ids).collect()),
    }
}

fn of_several(mut ids: SmallVec<[u64; 8]>) -> u128 {
    ids.sort_unstable();
    let bytes = ids.iter().flat_map(|id| id.to_ne_bytes());
    let bytes: SmallVec<[u8; 64]> = bytes.collect();
    Namespace::default().digest(&bytes).0
}

impl Inner {
    /// The current generations of a namespace, and of what else an entry in it depends on.
    pub(super) fn lives(&self, namespace: &Namespace, on: &[Dependency]) -> Lives {
        if namespace.is_reserved() {
            // Numbers of generations, and what another stack keeps of them.
            return Lives::new();
        }
        let table = self.fence.generations();
        let mut lives = Lives::new();
        let own = namespace.mark();
        lives.push(table.current(&own));
        for dependency in on {
            let live = dependency.by_mark(&own, |mark| table.current(mark));
            if !lives.iter().any(|known| known.mark() == live.mark()) {
                lives.push(live);
            }
        }
        lives
    }

    pub(super) fn deadlines(&self) -> Left {
        if !self.numbered {
            return Left(SmallVec::new());
        }
        let deadlines = self.layers.iter().map(|layer| micros(layer.deadline));
        Left(deadlines.collect())
    }
}
