//! What is stored under a name: the generation's number, a blank, and the entry in its envelope.
//!
//! The number stands in front of the envelope, and not among the generations inside of it, because it is known
//! only in the turn that stores the entry, on the I/O thread: there it is written over, and nothing is sealed
//! twice.

use std::time::{Duration, SystemTime};

use super::connection::Values;
use super::generation::Number;
use super::names::Name;
use crate::codec::Sealed;
use crate::key::KeyDigest;

/// What a server keeps beside key and value: the item's header, its cas number, the byte behind the key and
/// the line break behind the value.
const OVERHEAD: usize = 48 + 8 + 1 + 2;
/// Up to here a server counts from now on; what is longer it takes for a Unix time.
const LONGEST_RELATIVE: u64 = 30 * 24 * 60 * 60;
/// A server's clock moves once a second, and late when it has much to do.
const SLACK: u64 = 2;
/// Of a Unix time, the server's own calendar decides.
const CALENDAR_SLACK: u64 = 60;

/// A key that is written: with a value, or deleted.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) name: Name,
    /// The key, for errors.
    pub(super) digest: KeyDigest,
    pub(super) value: Option<Value>,
}

#[derive(Debug)]
pub(super) struct Value {
    bytes: Vec<u8>,
    pub(super) expiry: u32,
}

impl Value {
    pub(super) fn new(sealed: &Sealed, left: Option<Duration>, wall: SystemTime) -> Self {
        let mut bytes = Vec::with_capacity(Number::LENGTH + 1 + sealed.len());
        bytes.extend_from_slice(&[b'0'; Number::LENGTH]);
        bytes.push(b' ');
        bytes.extend_from_slice(sealed.header.as_bytes());
        bytes.extend_from_slice(&sealed.payload);
        Self {
            bytes,
            expiry: expiry(left, wall),
        }
    }

    /// Puts it under that generation.
    pub(super) fn stamp(&mut self, number: Number) {
        self.bytes[..Number::LENGTH].copy_from_slice(&number.write());
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// What an envelope of that length takes on a server, under that name.
pub(super) fn size(name: &Name, sealed: usize) -> usize {
    OVERHEAD + name.key.len() + Number::LENGTH + 1 + sealed
}

/// When a server may drop an entry: never before its own end, which is exact and stands in its envelope.
fn expiry(left: Option<Duration>, wall: SystemTime) -> u32 {
    let Some(left) = left else { return 0 };
    let seconds = round_up(left);
    let relative = seconds.saturating_add(SLACK);
    if relative <= LONGEST_RELATIVE {
        return u32::try_from(relative).unwrap_or(0);
    }
    let now = wall.duration_since(SystemTime::UNIX_EPOCH);
    let end = round_up(now.unwrap_or_default())
        .saturating_add(seconds)
        .saturating_add(CALENDAR_SLACK);
    // A server reads 31 bits; what ends later it keeps until it needs the room.
    i32::try_from(end).map_or(0, i32::unsigned_abs)
}

fn round_up(time: Duration) -> u64 {
    let more = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(more)
}

/// What was found under a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// The envelope of an entry that belongs to the generation of now.
    Entry(&'a [u8]),
    /// Nothing, or what was cleared.
    Nothing,
    /// Nothing that was stored by this library.
    Foreign,
}

impl<'a> Found<'a> {
    pub(super) fn among(values: &'a Values, name: &Name) -> Self {
        let Some(bytes) = values.get(&name.key) else {
            return Self::Nothing;
        };
        let Some((front, envelope)) = bytes.split_at_checked(Number::LENGTH + 1) else {
            return Self::Foreign;
        };
        let stored = front.strip_suffix(b" ").and_then(Number::read);
        match (stored, number_of(values, &name.generation)) {
            (None, _) => Self::Foreign,
            (stored, current) if stored == current => Self::Entry(envelope),
            _ => Self::Nothing,
        }
    }
}

/// The number of a generation. What is no number is as if it were not there.
pub(super) fn number_of(values: &Values, generation: &str) -> Option<Number> {
    values
        .get(generation)
        .and_then(|digits| Number::read(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    fn wall(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(seconds * 1_000 + 1)
    }

    #[test]
    fn the_server_never_ends_an_entry_early() {
        let now = 1_800_000_000;
        for (millis, told) in [
            (1, 3),
            (1_000, 3),
            (1_001, 4),
            ((30 * DAY - 2) * 1_000, 30 * DAY),
            ((30 * DAY - 2) * 1_000 + 1, now + 1 + 30 * DAY - 1 + 60),
            (30 * DAY * 1_000, now + 1 + 30 * DAY + 60),
            (45 * DAY * 1_000, now + 1 + 45 * DAY + 60),
        ] {
            let left = Some(Duration::from_millis(millis));
            assert_eq!(u64::from(expiry(left, wall(now))), told, "{millis} ms");
        }
    }

    #[test]
    fn what_the_protocol_cannot_express_never_ends_on_the_server() {
        assert_eq!(expiry(None, wall(0)), 0);
        for seconds in [400_000_000, 1 << 40, u64::MAX] {
            let left = Some(Duration::from_secs(seconds));
            assert_eq!(expiry(left, wall(1_800_000_000)), 0);
        }
        assert_eq!(expiry(Some(Duration::MAX), wall(1)), 0);
    }

    #[test]
    fn only_entries_of_the_generation_of_now_are_found() {
        let name = Name {
            key: "/k".into(),
            generation: "%generation/".into(),
        };
        let (now, before) = ("a".repeat(32), "b".repeat(32));
        let found = |generation: Option<&str>, bytes: &str| {
            let mut values = Values::from([(name.key.clone(), bytes.into())]);
            values.extend(generation.map(|it| (name.generation.to_string(), it.into())));
            match Found::among(&values, &name) {
                Found::Entry(envelope) => String::from_utf8_lossy(envelope).into_owned(),
                other => format!("{other:?}"),
            }
        };
        let entry = format!("{now} cachestack/1");
        assert_eq!(found(Some(&now), &entry), "cachestack/1");
        assert_eq!(found(Some(&before), &entry), "Nothing");
        assert_eq!(found(None, &entry), "Nothing");
        assert_eq!(found(Some("no number"), &entry), "Nothing");
        assert_eq!(found(Some(&now), &format!("{now} ")), "");
        for foreign in ["", "x", &now, "cachestack/1 value postcard 0 2026-11-22"] {
            assert_eq!(found(Some(&now), foreign), "Foreign");
            assert_eq!(found(None, foreign), "Foreign");
        }
        assert_eq!(Found::among(&Values::new(), &name), Found::Nothing);
    }
}
