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

/// The groups of the generations of one entry, which has fewer in most cases; then nobody's follow.
pub(crate) type Places = [u8; 6];

/// Those of an entry; `None` where they are too many.
pub(crate) fn places(lives: &[Arc<Live>]) -> Option<Places> {
    let mut places = [0; 6];
    if lives.len() > places.len() {
        return None;
    }
    for (at, live) in places.iter_mut().zip(lives) {
        *at = place(live.id());
    }
    Some(places)
}

/// How many have ended in those groups. It changes when one does.
#[inline(always)]
pub(crate) fn sum(places: Places) -> u32 {
    let ended = |place: u8| ENDED[usize::from(place)].load(Ordering::Acquire);
    let [a, b, c, ..] = places;
    let few = ended(a).wrapping_add(ended(b)).wrapping_add(ended(c));
    match places[3] {
        0 => few,
        _ => places[3..]
            .iter()
            .fold(few, |sum, place| sum.wrapping_add(ended(*place))),
    }
}
