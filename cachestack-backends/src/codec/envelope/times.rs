//! Times in the header: of the wall clock, to the millisecond.

use std::time::{Duration, SystemTime};

use super::Rejected;
use crate::clock::{Clock, Moment};

/// One instant on both clocks, to go from one to the other.
pub(super) struct Times {
    pub(super) moment: Moment,
    wall: SystemTime,
}

impl Times {
    pub(super) fn now(clock: &Clock) -> Self {
        Self {
            moment: clock.now(),
            wall: clock.wall(),
        }
    }

    /// The instant at which an entry that ends at `expires` on its writer's clock has so long left: what
    /// the reader's own clock says of the day does not matter then.
    #[cfg(feature = "network")]
    pub(super) fn before(expires: SystemTime, left: Duration, asked: Moment) -> Option<Self> {
        Some(Self {
            moment: asked,
            wall: expires.checked_sub(left)?,
        })
    }

    pub(super) fn wall(&self) -> SystemTime {
        self.wall
    }

    pub(super) fn write(&self, moment: Option<Moment>, out: &mut String) {
        // The format has room up to the year 9999; what ends later has no end.
        const LAST: Duration = Duration::from_secs(253_402_300_799);
        let wall = moment.and_then(|moment| match moment >= self.moment {
            true => self.wall.checked_add(moment.since(self.moment)),
            false => self.wall.checked_sub(self.moment.since(moment)),
        });
        let written = wall.filter(|wall| {
            wall.duration_since(SystemTime::UNIX_EPOCH)
                .is_ok_and(|since| since <= LAST)
        });
        match written {
            Some(wall) => {
                out.push_str(&humantime::format_rfc3339_millis(round_up(wall)).to_string());
            }
            None => out.push('-'),
        }
        out.push(' ');
    }

    pub(super) fn past(&self, wall: SystemTime) -> Moment {
        self.moment
            .saturating_sub(self.wall.duration_since(wall).unwrap_or_default())
    }

    /// A time that may have come.
    pub(super) fn either(&self, wall: SystemTime) -> Option<Moment> {
        match wall > self.wall {
            true => self.future(wall),
            false => Some(self.past(wall)),
        }
    }

    pub(super) fn future(&self, wall: SystemTime) -> Option<Moment> {
        self.moment
            .checked_add(wall.duration_since(self.wall).unwrap_or_default())
    }
}

/// To the next full millisecond: an entry never ends before its time by being written down.
fn round_up(wall: SystemTime) -> SystemTime {
    let since = wall
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let over = since.subsec_nanos() % 1_000_000;
    match over {
        0 => wall,
        over => wall + Duration::from_nanos(u64::from(1_000_000 - over)),
    }
}

pub(super) fn read_time(field: &str) -> Result<Option<SystemTime>, Rejected> {
    match field {
        "-" => Ok(None),
        time => humantime::parse_rfc3339(time)
            .map(Some)
            .map_err(|_| Rejected::Corrupt),
    }
}
