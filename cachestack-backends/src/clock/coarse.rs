//! A clock that is read without asking the machine for more than a number it keeps at hand.

/// How much it may be behind the exact one, or ahead of it, in nanoseconds: twice the longest step it is used with.
pub(super) const SLACK: u64 = 20_000_000;

/// Nanoseconds as those of a [`Moment`](super::Moment), within the slack; `None` where there is no such clock.
#[cfg(all(target_os = "linux", feature = "memory"))]
#[inline]
pub(super) fn now() -> Option<u64> {
    use std::sync::OnceLock;

    use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

    use super::Clock;

    const LONGEST_STEP: u64 = SLACK / 2;

    fn nanos(time: Timespec) -> u64 {
        (time.tv_sec as u64)
            .wrapping_mul(1_000_000_000)
            .wrapping_add(time.tv_nsec as u64)
    }

    /// What is to be added to the machine's number.
    static OFFSET: OnceLock<Option<u64>> = OnceLock::new();
    let offset = *OFFSET.get_or_init(|| {
        let step = nanos(clock_getres(ClockId::MonotonicCoarse));
        let coarse = nanos(clock_gettime(ClockId::MonotonicCoarse));
        let exact = Clock::system().now().0;
        (step <= LONGEST_STEP).then(|| exact.wrapping_sub(coarse))
    });
    let coarse = nanos(clock_gettime(ClockId::MonotonicCoarse));
    offset.map(|offset| coarse.wrapping_add(offset))
}

/// Nanoseconds as those of a [`Moment`](super::Moment).
#[cfg(not(all(target_os = "linux", feature = "memory")))]
#[inline]
pub(super) fn now() -> Option<u64> {
    Some(super::Clock::system().now().0)
}
