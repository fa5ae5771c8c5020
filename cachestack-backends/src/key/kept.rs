//! The text of a key as the key keeps it.

use super::KeyText;

/// So many bytes are kept beside the rest of the key, without a piece of memory of their own.
const BESIDE: usize = 62;

/// A text, whose bytes are UTF-8.
pub(super) enum KeptText {
    Beside { bytes: [u8; BESIDE], len: u8 },
    Apart(Box<str>),
}

impl KeptText {
    pub(super) fn new(text: impl Into<Box<str>> + AsRef<str>) -> Self {
        Self::beside([text.as_ref().as_bytes(), &[]]).unwrap_or_else(|| Self::Apart(text.into()))
    }

    /// Both parts as one.
    pub(super) fn joined(head: &str, rest: Option<&KeyText>) -> Self {
        let bytes = rest.map_or(&[][..], KeyText::as_bytes);
        let apart = || [head, rest.map_or("", KeyText::as_str)].concat();
        Self::beside([head.as_bytes(), bytes]).unwrap_or_else(|| Self::Apart(apart().into()))
    }

    /// Both parts as one, where they are short.
    #[inline]
    fn beside([head, rest]: [&[u8]; 2]) -> Option<Self> {
        let len = head.len() + rest.len();
        let mut bytes = [0; BESIDE];
        let (first, second) = bytes.get_mut(..len)?.split_at_mut(head.len());
        first.copy_from_slice(head);
        second.copy_from_slice(rest);
        let len = u8::try_from(len).ok()?;
        Some(Self::Beside { bytes, len })
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Beside { bytes, len } => &bytes[..usize::from(*len).min(BESIDE)],
            Self::Apart(text) => text.as_bytes(),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match std::str::from_utf8(self.as_bytes()) {
            Ok(text) => text,
            Err(_) => unreachable!("a key is made of whole texts"),
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
            assert_eq!(KeptText::new(&*text).as_str(), text);
            assert_eq!(KeptText::new(text.clone()).as_str(), text);
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
