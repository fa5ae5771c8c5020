//! Whether copies are worth it.

/// Before so many look-ups found nothing it is not said whether copies are worth it.
const SHORTEST: u64 = 2_048;
/// Where less than one look-up in so many is answered after there was time to fill the table, there are no copies for a
/// while.
const WORTH: u64 = 8;
/// The same at once, of a table that was never worth it.
const HOPE: u64 = 64;
/// The while, in times of what it took to see that: at first, and twice as long each time they were not worth it again, up to
/// so many times.
const REST: u64 = 16;
const MOST_IN_VAIN: u32 = 4;

/// Counts look-ups, and says when they are to be left alone.
#[derive(Default)]
pub(super) struct Worth {
    /// So many look-ups find nothing, at once.
    rest: u64,
    /// Look-ups that were answered since it was last said, and those that were not.
    hits: u64,
    misses: u64,
    /// How often in a row they were not.
    in_vain: u32,
    /// Whether they were, the last time that was said: then what finds nothing may be a table that is filled anew.
    was_worth_it: bool,
}

impl Worth {
    /// Whether they are left alone.
    #[inline(always)]
    pub(super) fn rests(&self) -> bool {
        self.rest > 0
    }

    /// One more look-up while they are.
    #[inline(always)]
    pub(super) fn pass(&mut self) {
        self.rest -= 1;
    }

    /// One that was answered.
    #[inline(always)]
    pub(super) fn hit(&mut self) {
        self.hits += 1;
    }

    /// One that was not, in a table of so many.
    #[inline(never)]
    pub(super) fn missed(&mut self, room: usize) {
        self.misses += 1;
        if self.misses < SHORTEST {
            return;
        }
        let looks = self.hits + self.misses;
        let is_hopeless = !self.was_worth_it && self.hits < looks / HOPE;
        if !is_hopeless && looks < 2 * room as u64 {
            return;
        }
        let is_worth_it = self.hits >= looks / WORTH;
        *self = match is_worth_it {
            true => Self {
                was_worth_it: true,
                ..Self::default()
            },
            // Those that are hardly ever used cost more than they save.
            false => Self {
                rest: (looks * REST) << self.in_vain,
                in_vain: (self.in_vain + 1).min(MOST_IN_VAIN),
                ..Self::default()
            },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 8_192;

    /// How many look-ups it takes until copies are left alone, where one in so many is answered.
    fn until_rest(worth: &mut Worth, one_in: u64) -> Option<u64> {
        (1..=100_000).find(|look| {
            match look % one_in {
                0 => worth.hit(),
                _ => worth.missed(ROOM),
            }
            worth.rests()
        })
    }

    #[test]
    fn copies_that_are_never_used_are_left_alone_at_once_and_each_time_for_longer() {
        let mut worth = Worth::default();
        for times in [16, 32, 64, 128, 256, 256] {
            assert_eq!(until_rest(&mut worth, u64::MAX), Some(SHORTEST));
            assert_eq!(worth.rest, SHORTEST * times);
            (0..worth.rest).for_each(|_| worth.pass());
        }
    }

    #[test]
    fn those_that_may_be_used_have_time_to_fill_the_table() {
        let looks = until_rest(&mut Worth::default(), 20);
        assert!(looks.is_some_and(|looks| (16_384..16_400).contains(&looks)));
    }

    #[test]
    fn a_table_that_was_used_is_filled_anew_in_peace() {
        let mut worth = Worth::default();
        (0..100_000).for_each(|_| worth.hit());
        (0..6_000).for_each(|_| worth.missed(ROOM));
        assert!(!worth.rests());
        assert!(until_rest(&mut worth, u64::MAX).is_some());
    }

    #[test]
    fn those_that_are_used_now_and_then_stay() {
        assert_eq!(until_rest(&mut Worth::default(), 7), None);
    }
}
