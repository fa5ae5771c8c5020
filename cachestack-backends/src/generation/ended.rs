//! How many generations have ended, in groups: who keeps a copy of an entry looks whether any of its group has.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Live;

/// The first group is nobody's, and stays at zero.
static ENDED: [AtomicU32; 256] = [const { AtomicU32::new(0) }; 256];

/// The group of a generation.
pub(super) fn place(id: u64) -> u8 {
    (id % 255) as u8 + 1
}

/// One of that group has ended: to be said when that shows in it.
pub(super) fn one_more(place: u8) {
    ENDED[usize::from(place)].fetch_add(1, Ordering::SeqCst);
}

/// The groups of the generations of one entry. Most have two, of their namespace and of their function; where an entry
/// has fewer than there is room for, nobody's follow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    pub(crate) first: [u8; 2],
    /// Four, in one number.
    pub(crate) others: u32,
}

/// Those of an entry; `None` where they are too many.
pub(crate) fn places(lives: &[Arc<Live>]) -> Option<Places> {
    let mut places = [0; 6];
    for (at, live) in places.iter_mut().zip(lives) {
        *at = place(live.id());
    }
    let [a, b, others @ ..] = places;
    (lives.len() <= places.len()).then_some(Places {
        first: [a, b],
        others: u32::from_le_bytes(others),
    })
}

/// How many have ended in those groups. It changes when one does.
#[inline(always)]
pub(crate) fn sum(places: Places) -> u32 {
    let ended = |place: u8| ENDED[usize::from(place)].load(Ordering::Acquire);
    let [first, second] = places.first.map(ended);
    let two = first.wrapping_add(second);
    match places.others {
        0 => two,
        others => others
            .to_le_bytes()
            .into_iter()
            .fold(two, |sum, place| sum.wrapping_add(ended(place))),
    }
}
