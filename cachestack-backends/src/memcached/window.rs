//! A buffer of fixed size that is filled at its end and emptied at its beginning.

/// More than the longest line.
const SIZE: usize = 8 << 10;

pub(super) struct Window {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; SIZE].into(),
            start: 0,
            end: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Where more can be written, to be told by [`add`](Self::add).
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        &mut self.bytes[self.end..]
    }

    pub(super) fn add(&mut self, written: usize) {
        self.end += written;
    }

    /// Copies in as many of the bytes as there is room for.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        let room = self.room();
        let fits = bytes.len().min(room.len());
        room[..fits].copy_from_slice(&bytes[..fits]);
        self.add(fits);
    }

    pub(super) fn consume(&mut self, read: usize) {
        self.start += read;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Drops as much of what is there, and says how much that was.
    pub(super) fn consume_at_most(&mut self, most: u64) -> u64 {
        let there = self.filled().len();
        let dropped = usize::try_from(most).map_or(there, |most| there.min(most));
        self.consume(dropped);
        dropped as u64
    }
}
