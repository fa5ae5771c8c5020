//! Keys that are nothing but their digests.

/// What a key is found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyDigest(pub(crate) u128);

impl KeyDigest {
    pub(crate) fn low(self) -> u64 {
        self.0 as u64
    }
}
