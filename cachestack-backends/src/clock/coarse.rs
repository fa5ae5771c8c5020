//! A clock that is read without asking the machine for more than a number it keeps at hand.

/// How much it may be behind the exact one, or ahead of it, in nanoseconds: twice the longest step it is used with.
pub(super) const SLACK: u64 = 20_000_000;

pub(super) use machine::{now, of};

#[cfg(all(target_os = "linux", feature = "memory"))]
mod machine {
    use std::sync::OnceLock;

    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    use super::super::{Clock, Moment};
    use super::SLACK;

    const LONGEST_STEP: u64 = SLACK / 2;

    fn nanos(time: Timespec) -> u64 {
        (time.tv_sec as u64)
            .wrapping_mul(1_000_000_000)
            .wrapping_add(time.tv_nsec as u64)
    }

    /// The machine's number, which begins elsewhere than a [`Moment`].
    #[inline(always)]
    pub(in super::super) fn now() -> u64 {
        nanos(clock_gettime(ClockId::MonotonicCoarse))
    }

    /// What this clock shows at a moment, within the slack; 0 where there is no such clock.
    pub(in super::super) fn of(moment: Moment) -> u64 {
        static AHEAD: OnceLock<Option<u64>> = OnceLock::new();
        let ahead = *AHEAD.get_or_init(|| {
            let step = nanos(clock_getres(ClockId::MonotonicCoarse));
            let coarse = now();
            let exact = Clock::system().now().0;
            exact.checked_sub(coarse).filter(|_| step <= LONGEST_STEP)
        });
        ahead.map_or(0, |ahead| moment.0.saturating_sub(ahead))
    }
}

#[cfg(not(all(target_os = "linux", feature = "memory")))]
mod machine {
    use super::super::{Clock, Moment};

    #[inline]
    pub(in super::super) fn now() -> u64 {
        Clock::system().now().0
    }

    pub(in super::super) fn of(moment: Moment) -> u64 {
        moment.0
    }
}
