//! Brings the written entries of a map or set into their canonical order.

use smallvec::SmallVec;

use super::buffer::Buffer;
use super::bytes::Bytes;

/// Where an entry stands in the buffer; `key_end` is `end` in a set.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) start: usize,
    pub(super) key_end: usize,
    pub(super) end: usize,
}

/// The entries written since the opening bracket, with a comma between each two.
pub(super) struct Entries {
    start: usize,
    ranges: SmallVec<[Entry; 8]>,
}

impl Entries {
    #[inline]
    pub(super) fn new(out: &Buffer) -> Self {
        Self {
            start: out.len(),
            ranges: SmallVec::new(),
        }
    }

    #[inline]
    pub(super) fn add(&mut self, entry: Entry) {
        self.ranges.push(entry);
    }

    /// Sorts by the bytes of the key, then by those of the value.
    pub(super) fn sort(mut self, out: &mut Buffer) {
        let bytes = out.as_bytes();
        let parts = |entry: &Entry| {
            (
                &bytes[entry.start..entry.key_end],
                &bytes[entry.key_end..entry.end],
            )
        };
        if self.ranges.is_sorted_by(|a, b| parts(a) <= parts(b)) {
            return;
        }
        self.ranges.sort_unstable_by(|a, b| parts(a).cmp(&parts(b)));
        let mut sorted = Bytes::new();
        for (i, entry) in self.ranges.iter().enumerate() {
            if i > 0 {
                sorted.push(b',');
            }
            sorted.extend(&bytes[entry.start..entry.end]);
        }
        out.replace_from(self.start, sorted.as_slice());
    }
}
