//! Reading an entry's file, or only its first line.
//!
//! Nothing is taken on trust: a file may be torn by a crash, of another release, or no file at all, and a
//! length that is written in it is believed only when it is the file's own.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use super::error::is_absent;
use crate::codec::Rejected;
use crate::key::Key;

/// What every entry of any version begins with; the same as the envelope's.
const MAGIC: &[u8] = b"cachestack/";
/// How much is read before it is known what the file is; most entries are no longer.
const FIRST: u64 = 8 << 10;
/// No first line is longer; the same limit as the envelope's.
const LONGEST_LINE: usize = 4 << 20;

/// What stands at a path: nothing, something that is no entry to be used, or what was asked for.
pub(super) type Found<T> = Option<Result<T, Rejected>>;

/// Reads a whole file that may be an entry.
pub(super) fn entry(path: &Path) -> io::Result<Found<Vec<u8>>> {
    let (mut file, length) = match open(path)? {
        Some(Ok(open)) => open,
        Some(Err(rejected)) => return Ok(Some(Err(rejected))),
        None => return Ok(None),
    };
    let mut bytes = first_line(&mut file, length)?;
    if let Err(rejected) = check_beginning(&bytes) {
        return Ok(Some(Err(rejected)));
    }
    if (bytes.len() as u64) < length {
        // A line that does not promise what is there spares the rest.
        if let Err(rejected) = Header::parse(&bytes, length) {
            return Ok(Some(Err(rejected)));
        }
        read_more(&mut file, length, &mut bytes)?;
    }
    Ok(Some(Ok(bytes)))
}

/// Reads the first line of a file that may be an entry.
pub(super) fn header(path: &Path) -> io::Result<Found<Header>> {
    Ok(match open(path)? {
        Some(Ok((mut file, length))) => {
            let bytes = first_line(&mut file, length)?;
            Some(Header::parse(&bytes, length))
        }
        Some(Err(rejected)) => Some(Err(rejected)),
        None => None,
    })
}

/// Whether a file begins as ours do, or as ours do that a crash has torn.
pub(super) fn is_ours(path: &Path) -> io::Result<bool> {
    let Some(Ok((mut file, length))) = open(path)? else {
        return Ok(false);
    };
    let mut bytes = Vec::new();
    read_more(&mut file, length.min(MAGIC.len() as u64), &mut bytes)?;
    Ok(check_beginning(&bytes) != Err(Rejected::Foreign))
}

fn open(path: &Path) -> io::Result<Found<(File, u64)>> {
    let absent = |error| match is_absent(&error) {
        true => Ok(None),
        false => Err(error),
    };
    // Asked before it is opened: to open a pipe would be to wait for its writer.
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Ok(Some(Err(Rejected::Foreign))),
        Err(error) => return absent(error),
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return absent(error),
    };
    // Of what was opened: the path may name another file by now.
    let length = file.metadata()?.len();
    Ok(Some(Ok((file, length))))
}

/// At least the first line, when the file begins as ours do.
fn first_line(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut wanted = FIRST;
    loop {
        let before = bytes.len();
        read_more(file, length.min(wanted), &mut bytes)?;
        let no_more = bytes.len() == before || bytes.len() >= LONGEST_LINE;
        if no_more || check_beginning(&bytes).is_err() || bytes[before..].contains(&b'\n') {
            return Ok(bytes);
        }
        wanted *= 4;
    }
}

/// Reads on until `bytes` holds so many, or the file ends.
fn read_more(file: &mut File, until: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    let missing = until.saturating_sub(bytes.len() as u64);
    let room = usize::try_from(missing).map_err(|_| io::ErrorKind::OutOfMemory)?;
    bytes
        .try_reserve_exact(room)
        .map_err(|_| io::ErrorKind::OutOfMemory)?;
    file.take(missing).read_to_end(bytes)?;
    Ok(())
}

/// An empty file, one that ends within the magic, and one that begins with nothing but NULs are what a
/// crash leaves of ours; any other beginning is someone else's.
fn check_beginning(bytes: &[u8]) -> Result<(), Rejected> {
    if bytes.starts_with(MAGIC) {
        return Ok(());
    }
    let beginning = &bytes[..bytes.len().min(MAGIC.len())];
    match MAGIC.starts_with(bytes) || beginning.iter().all(|&byte| byte == 0) {
        true => Err(Rejected::Corrupt),
        false => Err(Rejected::Foreign),
    }
}

/// What an entry's first line says of it, believed without the checksum: good enough to tell whether it is
/// there and has ended, not to use its value. The format is that of `codec/envelope.rs`.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    key: Box<str>,
    expires: Option<SystemTime>,
}

impl Header {
    /// Reads the line in `bytes`, the beginning of a file of that length.
    fn parse(bytes: &[u8], length: u64) -> Result<Self, Rejected> {
        check_beginning(bytes)?;
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let line = end.map(|end| std::str::from_utf8(&bytes[..end]));
        let (Some(end), Some(Ok(line))) = (end, line) else {
            return Err(Rejected::Corrupt);
        };
        let fields: Vec<&str> = line.split(' ').collect();
        if fields[0] != "cachestack/1" {
            return Err(Rejected::Incompatible);
        }
        let &[_, kind, _, flags, _, _, expires, _, key, _, payload, _] = &fields[..] else {
            return Err(Rejected::Corrupt);
        };
        if payload.parse() != Ok(length.saturating_sub(end as u64 + 1)) {
            return Err(Rejected::Corrupt);
        }
        if !["value", "absent"].contains(&kind) || flags != "0" {
            return Err(Rejected::Incompatible);
        }
        let expires = match expires {
            "-" => None,
            time => Some(humantime::parse_rfc3339(time).map_err(|_| Rejected::Corrupt)?),
        };
        Ok(Self {
            key: key.into(),
            expires,
        })
    }

    pub(super) fn is_of(&self, key: &Key) -> bool {
        let mut rest = self.key.bytes();
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let unescaped = std::iter::from_fn(|| match rest.next()? {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok(),
            plain => Some(plain),
        });
        unescaped.eq(key.stored().bytes())
    }

    pub(super) fn is_live(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    pub(super) fn expires(&self) -> Option<SystemTime> {
        self.expires
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;
    use crate::codec::{Codec, Opened};
    use crate::entry::{Entry, Generation};
    use crate::key::Namespace;

    fn sealed(key: &Key, value: &str) -> Vec<u8> {
        let clock = Clock::manual();
        let now = clock.now();
        let entry = Entry::new(value.to_owned(), now)
            .expiring(now.checked_add(Duration::from_secs(60)))
            .depending_on([Generation::new("tag a", 7)]);
        Codec::Postcard
            .seal(key, &entry, &clock)
            .unwrap()
            .to_bytes()
    }

    #[test]
    fn the_line_alone_says_what_the_envelope_says() {
        for text in ["", "k", "a b,c=d%e/f\n\0", "ключ 🔑", &"x y".repeat(5_000)] {
            let key = Key::new(&Namespace::new("shop:e u"), text);
            let bytes = sealed(&key, "value");
            let opened = Opened::parse(&bytes).unwrap();
            let header = Header::parse(&bytes, bytes.len() as u64).unwrap();
            assert_eq!(header.expires(), opened.expires());
            assert!(header.is_of(&key));
            assert!(!header.is_of(&Key::new(key.namespace(), format!("{text}."))));
            assert!(!header.is_of(&Key::new(&Namespace::new("shop"), text)));
        }
    }

    #[test]
    fn every_cut_and_every_changed_byte_of_the_line_is_rejected_or_harmless() {
        let key = Key::new(&Namespace::new("shop"), "k");
        let bytes = sealed(&key, "value");
        for cut in 0..bytes.len() {
            let parsed = Header::parse(&bytes[..cut], cut as u64);
            assert_eq!(parsed, Err(Rejected::Corrupt), "cut at {cut}");
        }
        for at in 0..bytes.len() {
            for value in [0, b' ', b'\n', b'%', 0xff] {
                let mut changed = bytes.clone();
                changed[at] = value;
                // Whatever it says, it does not panic.
                if let Ok(header) = Header::parse(&changed, changed.len() as u64) {
                    let _ = header.is_of(&key);
                }
            }
        }
    }

    #[test]
    fn what_a_crash_leaves_is_ours_and_anything_else_is_foreign() {
        for torn in [
            &b""[..],
            b"cache",
            b"cachestack",
            b"\0",
            &[0; 4096],
            b"\0\0\0\0\0\0\0\0\0\0\0tail",
        ] {
            assert_eq!(check_beginning(torn), Err(Rejected::Corrupt), "{torn:?}");
        }
        for foreign in [&b"c4"[..], b"{}", b"cachestuck/1", b"\0ELF-like-thing"] {
            assert_eq!(
                check_beginning(foreign),
                Err(Rejected::Foreign),
                "{foreign:?}"
            );
        }
    }

    #[test]
    fn a_file_is_read_no_further_than_its_line_vouches_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("entry");
        let mut bytes = sealed(&Key::new(&Namespace::default(), "k"), "value");
        fs::write(&path, &bytes).unwrap();
        assert_eq!(entry(&path).unwrap(), Some(Ok(bytes.clone())));
        let sparse = File::options().write(true).open(&path).unwrap();
        sparse.set_len(1 << 40).unwrap();
        assert_eq!(entry(&path).unwrap(), Some(Err(Rejected::Corrupt)));
        assert_eq!(header(&path).unwrap(), Some(Err(Rejected::Corrupt)));
        assert!(is_ours(&path).unwrap());
        bytes = sealed(
            &Key::new(&Namespace::default(), "k".repeat(100_000)),
            &"v".repeat(100_000),
        );
        fs::write(&path, &bytes).unwrap();
        assert_eq!(entry(&path).unwrap(), Some(Ok(bytes)));
        assert!(header(&path).unwrap().unwrap().is_ok());
    }
}
