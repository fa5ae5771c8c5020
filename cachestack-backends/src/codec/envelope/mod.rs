//! The form in which an entry leaves the process: one line of text that a person can read, then the
//! payload.
//!
//! ```text
//! cachestack/1 value postcard 0 2026-11-22T18:20:00.000Z - 2026-11-22T18:21:00.000Z 5f0c..e1 shop/user:42 - 17 8d03..77
//! <17 bytes of payload>
//! ```
//!
//! The fields, one blank between them: format version, kind, codec, flags, created, fresh until, expires
//! (`-` is none), the type's fingerprint, the full key, the generations (`name=number`, joined by commas),
//! the payload's length in bytes, and the checksum: the first 16 bytes of the blake3 digest of the rest of
//! the line and of the payload. In the key and in names, bytes that would break the line are
//! percent-escaped. The kind is `value`, or `absent` for an entry that says that there is none. Other kinds, and all
//! flags, are reserved: they are misses here.

mod buffer;
mod text;
mod times;

use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;

use self::text::{escape, is_escaped, read_generations, write_generations};
use self::times::{Times, read_time};
use super::Codec;
use crate::backend::Lookup;
#[cfg(feature = "network")]
use crate::backend::TimeLeft;
use crate::clock::Clock;
#[cfg(feature = "network")]
use crate::clock::Moment;
use crate::entry::{Absent, AnyValue, Entry, ValueType, Whatever};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// What every envelope of any version begins with.
pub(crate) const MAGIC: &[u8] = b"cachestack/";
const VERSION: &str = "cachestack/1";
const VALUE: &str = "value";
const ABSENT: &str = "absent";
const NO_FLAGS: &str = "0";
/// No header is longer: a key of 1 MiB with every byte escaped would still fit.
const MAX_HEADER: usize = 4 << 20;
/// Most are no longer without their key, so that a line is written in one piece of memory.
const USUAL_HEADER: usize = 320;

/// The parts of a written entry: concatenated, they are what is stored.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The line, with its newline.
    pub header: String,
    /// The payload, shared between stores of one codec.
    pub payload: Bytes,
}

impl Sealed {
    /// Both parts as one.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        bytes.extend_from_slice(self.header.as_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// The length of both parts, in bytes.
    pub fn len(&self) -> usize {
        self.header.len() + self.payload.len()
    }

    /// Never: there is always a header.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// Why stored bytes are not the entry that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejected {
    /// Not an envelope at all.
    Foreign,
    /// An envelope that is torn, cut or changed, or whose payload does not decode.
    Corrupt,
    /// A format version, kind or flag of another release, or another codec.
    Incompatible,
    /// The envelope of another key.
    OtherKey,
    /// A value of another type, or of another shape of this type.
    OtherType,
    /// It has ended.
    Expired,
}

/// The header of a stored entry, read and checked, without its payload decoded.
#[derive(Debug)]
pub struct Opened<'a> {
    fields: [&'a str; FIELDS],
    payload: &'a [u8],
    created: SystemTime,
    fresh_until: Option<SystemTime>,
    expires: Option<SystemTime>,
}

const FIELDS: usize = 12;

impl Codec {
    /// Writes an entry as it is stored, with its full key.
    ///
    /// # Errors
    /// As [`Codec::encode`]; [`TooLarge`](ErrorKind::TooLarge) for a key of over a megabyte.
    pub fn seal(&self, key: &Key, entry: &Entry, clock: &Clock) -> Result<Sealed> {
        let payload = entry.payload(self.name(), || {
            let encoded = buffer::encoded(|payload| {
                let value_type = entry.value_type();
                value_type.encode(entry.any(), self, payload)
            });
            encoded.map_err(|error| error.about(key.digest()))
        })?;
        let fingerprint = match entry.value_type().trace() {
            Some(traced) => traced.fingerprint(),
            None => return Err(super::cannot_leave_memory(entry.value_type().name())),
        };
        let times = Times::now(clock);
        let kind = match entry.value_type().is_absent() {
            true => ABSENT,
            false => VALUE,
        };
        let mut header = String::with_capacity(USUAL_HEADER + key.text().len());
        for part in [VERSION, " ", kind, " "] {
            header.push_str(part);
        }
        escape(self.name(), &mut header);
        header.push_str(" 0 ");
        times.write(Some(entry.created_at()), &mut header);
        times.write(entry.fresh_until_moment(), &mut header);
        times.write(entry.expires_at(), &mut header);
        // Writing to a text cannot fail.
        let _ = write!(header, "{fingerprint} ");
        escape(key.namespace().prefix(), &mut header);
        escape(key.text(), &mut header);
        header.push(' ');
        write_generations(entry.generations(), &mut header);
        let _ = write!(header, " {}", payload.len());
        let sum = checksum(header.as_bytes(), &payload);
        let _ = writeln!(header, " {sum:032x}");
        if header.len() > MAX_HEADER {
            let message =
                "the key is longer than an entry's header can be, 4 MiB when it is escaped";
            return Err(Error::new(ErrorKind::TooLarge, message).about(key.digest()));
        }
        Ok(Sealed { header, payload })
    }

    /// Reads an entry back: [`Lookup::Hit`] when everything fits, [`Lookup::Mismatch`] when it is a live
    /// value of another type, else why it is a miss.
    ///
    /// # Errors
    /// With the reason when the bytes are not a live entry of this key and codec.
    pub fn open(
        &self,
        key: &Key,
        bytes: &[u8],
        value_type: &'static ValueType,
        clock: &Clock,
    ) -> Result<Lookup, Rejected> {
        self.open_at(key, &Opened::parse(bytes)?, value_type, &Times::now(clock))
    }

    /// The same for an entry that was asked for at `asked` from a store that says how long it is still
    /// there. The entry's times are then counted from its end back, by the store's clock.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    #[cfg(feature = "network")]
    pub(crate) fn open_left(
        &self,
        key: &Key,
        bytes: &[u8],
        value_type: &'static ValueType,
        clock: &Clock,
        asked: Moment,
        left: TimeLeft,
    ) -> Result<Lookup, Rejected> {
        let opened = Opened::parse(bytes)?;
        let told = match (left, opened.expires) {
            (TimeLeft::Left(left), Some(expires)) => {
                // A store that was asked for the time first may have told that of the value before.
                let whole = expires.duration_since(opened.created).unwrap_or_default();
                Times::before(expires, left.min(whole), asked)
            }
            _ => None,
        };
        let times = told.unwrap_or_else(|| Times::now(clock));
        self.open_at(key, &opened, value_type, &times)
    }

    fn open_at(
        &self,
        key: &Key,
        opened: &Opened<'_>,
        value_type: &'static ValueType,
        times: &Times,
    ) -> Result<Lookup, Rejected> {
        opened.check(key, times.wall())?;
        if value_type.is_local() {
            return Ok(Lookup::Mismatch);
        }
        match opened.decode(self, value_type, times) {
            Ok(entry) => Ok(Lookup::Hit(entry)),
            Err(Rejected::OtherType) => Ok(Lookup::Mismatch),
            Err(rejected) => Err(rejected),
        }
    }
}

impl<'a> Opened<'a> {
    /// Reads the header and checks that nothing was changed, cut off or added.
    ///
    /// # Errors
    /// [`Foreign`](Rejected::Foreign), [`Incompatible`](Rejected::Incompatible) or
    /// [`Corrupt`](Rejected::Corrupt).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Rejected> {
        if !bytes.starts_with(MAGIC) {
            return Err(Rejected::Foreign);
        }
        let within = &bytes[..bytes.len().min(MAX_HEADER)];
        let end = within
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or(Rejected::Corrupt)?;
        let line = std::str::from_utf8(&bytes[..end]).map_err(|_| Rejected::Corrupt)?;
        let payload = &bytes[end + 1..];
        let (fields, are_more) = fields_of(line);
        // The sum covers the line up to itself; another version may mean something else by it.
        if fields[0] != VERSION {
            return Err(Rejected::Incompatible);
        }
        let summed = line.len().saturating_sub(1 + fields[11].len());
        if are_more
            || fields[10].parse() != Ok(payload.len())
            || !is_checksum(fields[11], checksum(&bytes[..summed], payload))
        {
            return Err(Rejected::Corrupt);
        }
        if ![VALUE, ABSENT].contains(&fields[1]) || fields[3] != NO_FLAGS {
            return Err(Rejected::Incompatible);
        }
        Ok(Self {
            created: read_time(fields[4])?.ok_or(Rejected::Corrupt)?,
            fresh_until: read_time(fields[5])?,
            expires: read_time(fields[6])?,
            fields,
            payload,
        })
    }

    /// Whether this is the live entry of `key`, be its type what it may.
    ///
    /// # Errors
    /// [`OtherKey`](Rejected::OtherKey) or [`Expired`](Rejected::Expired).
    pub fn check(&self, key: &Key, now: SystemTime) -> Result<(), Rejected> {
        if !is_escaped(self.fields[8], [key.namespace().prefix(), key.text()]) {
            return Err(Rejected::OtherKey);
        }
        match self.is_live(now) {
            true => Ok(()),
            false => Err(Rejected::Expired),
        }
    }

    /// Whether it has not ended.
    pub fn is_live(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// When it ends, by the wall clock.
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    fn decode(
        &self,
        codec: &Codec,
        value_type: &'static ValueType,
        times: &Times,
    ) -> Result<Entry, Rejected> {
        let now = times.moment;
        let whole = |value: AnyValue, value_type| -> Result<Entry, Rejected> {
            let generations = read_generations(self.fields[9]).ok_or(Rejected::Corrupt)?;
            Ok(Entry::from_any(value, value_type, now)
                .created(times.past(self.created))
                .fresh_until(self.fresh_until.and_then(|until| times.either(until)))
                .expiring(self.expires.and_then(|expires| times.future(expires)))
                .depending_on(generations))
        };
        if value_type.is_whatever() {
            return whole(Arc::new(Whatever), value_type);
        }
        if self.fields[1] == ABSENT {
            return match value_type.takes_absence() {
                true => whole(Arc::new(Absent), ValueType::of::<Absent>()),
                false => Err(Rejected::OtherType),
            };
        }
        let fingerprint = value_type.trace().map(|traced| traced.fingerprint());
        if fingerprint.is_none_or(|wanted| wanted.to_string() != self.fields[7]) {
            return Err(Rejected::OtherType);
        }
        if !is_escaped(self.fields[2], [codec.name(), ""]) {
            return Err(Rejected::Incompatible);
        }
        let value = value_type
            .decode(self.payload, codec)
            .map_err(|_| Rejected::Corrupt)?;
        whole(value, value_type)
    }
}

/// The parts of a line between its blanks, as many as there should be, and whether there are more.
fn fields_of(line: &str) -> ([&str; FIELDS], bool) {
    let (mut fields, mut from) = ([""; FIELDS], 0);
    let blanks = line.bytes().enumerate().filter(|(_, byte)| *byte == b' ');
    let ends = blanks.map(|(at, _)| at).chain([line.len()]);
    for (field, end) in fields.iter_mut().zip(ends) {
        (*field, from) = (&line[from..end], end + 1);
    }
    (fields, from <= line.len())
}

/// Whether that is how the sum is written: 32 digits, no letter of them large.
fn is_checksum(field: &str, sum: u128) -> bool {
    let digits = sum.to_be_bytes().map(|byte| {
        let digit = |four: u8| b"0123456789abcdef"[usize::from(four)];
        [digit(byte >> 4), digit(byte & 15)]
    });
    field.as_bytes() == digits.as_flattened()
}

fn checksum(line: &[u8], payload: &[u8]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(line);
    // The line has no newline in it, so nothing can move from one part to the other.
    hasher.update(b"\n");
    hasher.update(payload);
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_be_bytes(first)
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "not an entry of this library",
            Self::Corrupt => "damaged",
            Self::Incompatible => "of another format or codec",
            Self::OtherKey => "the entry of another key",
            Self::OtherType => "a value of another type",
            Self::Expired => "ended",
        })
    }
}

impl std::error::Error for Rejected {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_as_many_fields_as_it_should_or_is_none() {
        let line = |count: usize| vec!["x"; count].join(" ");
        for count in [1, FIELDS - 1, FIELDS, FIELDS + 1] {
            let line = line(count);
            let (fields, are_more) = fields_of(&line);
            let read = fields.iter().filter(|field| **field == "x").count();
            assert_eq!((read, are_more), (count.min(FIELDS), count > FIELDS));
        }
        let blank_at_the_end = line(FIELDS) + " ";
        assert!(fields_of(&blank_at_the_end).1);
        let empty_at_the_end = line(FIELDS - 1) + " ";
        let (fields, are_more) = fields_of(&empty_at_the_end);
        assert_eq!((fields[FIELDS - 1], are_more), ("", false));
        assert_eq!(fields_of("").0, [""; FIELDS]);
    }
}
