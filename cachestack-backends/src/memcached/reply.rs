//! The lines that a server answers with.

/// What became of an `add`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Stored,
    /// There is something under the key already.
    NotStored,
    TooLarge,
    /// The server is full and does not evict.
    Full,
}

impl Status {
    /// `None` for any other line: after it nobody knows what the server will say next.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        match line {
            b"STORED\r\n" => Some(Self::Stored),
            b"NOT_STORED\r\n" => Some(Self::NotStored),
            b"SERVER_ERROR object too large for cache\r\n" => Some(Self::TooLarge),
            b"SERVER_ERROR out of memory storing object\r\n" => Some(Self::Full),
            _ => None,
        }
    }
}

/// A line of the reply to the last command of a turn.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Value { key: &'a [u8], length: u64 },
    End,
    Version,
}

impl<'a> Line<'a> {
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        if line == b"END\r\n" {
            return Some(Self::End);
        }
        let line = line.strip_suffix(b"\r\n")?;
        if line.starts_with(b"VERSION ") {
            return Some(Self::Version);
        }
        // VALUE <key> <flags> <length> [<cas>]
        let mut words = line.strip_prefix(b"VALUE ")?.split(|&byte| byte == b' ');
        let key = words.next().filter(|key| !key.is_empty())?;
        number(words.next()?)?;
        let length = number(words.next()?)?;
        if let Some(cas) = words.next() {
            number(cas)?;
        }
        match words.next() {
            None => Some(Self::Value { key, length }),
            Some(_) => None,
        }
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    let only_digits = digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| only_digits)?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_protocol_are_read() {
        let value = |key, length| Some(Line::Value { key, length });
        for (line, read) in [
            (&b"END\r\n"[..], Some(Line::End)),
            (b"VERSION 1.6.18\r\n", Some(Line::Version)),
            (b"VALUE k 0 12\r\n", value(b"k", 12)),
            (b"VALUE k 7 12 99\r\n", value(b"k", 12)),
        ] {
            assert_eq!(Line::read(line), read);
        }
    }

    #[test]
    fn all_others_are_not() {
        for line in [
            &b"END"[..],
            b"END\n",
            b"END \r\n",
            b"",
            b"\r\n",
            b"VALUE\r\n",
            b"VALUE  0 1\r\n",
            b"VALUE k 0\r\n",
            b"VALUE k 0 \r\n",
            b"VALUE k 0 -1\r\n",
            b"VALUE k 0 +1\r\n",
            b"VALUE k x 1\r\n",
            b"VALUE k 0 1 2 3\r\n",
            b"VALUE k 0 99999999999999999999\r\n",
            b"ERROR\r\n",
            b"SERVER_ERROR out of memory writing get response\r\n",
            b"\xff\xfe\r\n",
        ] {
            assert_eq!(Line::read(line), None, "{line:?}");
            assert_eq!(Status::read(line), None, "{line:?}");
        }
    }
}
