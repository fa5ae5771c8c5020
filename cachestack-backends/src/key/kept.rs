//! The text of a key as the key keeps it.

use arrayvec::ArrayString;

use super::KeyText;

/// So many bytes are kept beside the rest of the key, without a piece of memory of their own.
const BESIDE: usize = 62;

pub(super) enum KeptText {
    Beside(ArrayString<BESIDE>),
    Apart(Box<str>),
}

impl KeptText {
    #[inline]
    pub(super) fn new(text: &str) -> Self {
        Self::of([text, ""])
    }

    /// Both parts as one.
    #[inline]
    pub(super) fn joined(head: &str, rest: Option<&KeyText>) -> Self {
        Self::of([head, rest.map_or("", KeyText::as_str)])
    }

    #[inline]
    fn of(parts: [&str; 2]) -> Self {
        let mut beside = ArrayString::new();
        match parts.iter().try_for_each(|part| beside.try_push_str(part)) {
            Ok(()) => Self::Beside(beside),
            Err(_) => Self::Apart(parts.concat().into()),
        }
    }

    #[inline]
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Beside(text) => text,
            Self::Apart(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyWriter;

    #[test]
    fn a_text_of_any_length_is_kept_as_it_was() {
        for len in [0, 1, 61, 62, 63, 200] {
            let text = "\u{e9}".repeat(len / 2) + &"x".repeat(len % 2);
            assert_eq!(KeptText::new(&text).as_str(), text);
            let mut writer = KeyWriter::template();
            writer.literal(&text);
            let rest = writer.finish().unwrap();
            for head in [
                "",
                "f",
                "a longer path than there is room for, of sixty-three bytes......",
            ] {
                let expected = [head, &text].concat();
                assert_eq!(KeptText::joined(head, Some(&rest)).as_str(), expected);
            }
        }
    }
}
