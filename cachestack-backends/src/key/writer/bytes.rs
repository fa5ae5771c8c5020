//! A byte string that begins on the stack.
//!
//! Not a `SmallVec`: its `extend_from_slice` is not inlined and moves an empty tail each time, which more than doubles
//! the time for a key of several short parts.

const INLINE: usize = 128;

/// Marks that the bytes have moved to the heap. No range that begins here is inside the inline part, so that one
/// check serves both for that and for the room left.
const MOVED: usize = usize::MAX;

/// Up to 128 bytes inline, more on the heap.
#[derive(Clone)]
pub(super) struct Bytes {
    /// Zero beyond `len`.
    inline: [u8; INLINE],
    len: usize,
    heap: Vec<u8>,
}

impl Bytes {
    #[inline]
    pub(super) fn new() -> Self {
        Self {
            inline: [0; INLINE],
            len: 0,
            heap: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn push(&mut self, byte: u8) {
        match self.inline.get_mut(self.len) {
            Some(place) => {
                *place = byte;
                self.len += 1;
            }
            None => self.extend_heap(&[byte]),
        }
    }

    #[inline]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let end = self.len.wrapping_add(bytes.len());
        match self.inline.get_mut(self.len..end) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len = end;
            }
            None => self.extend_heap(bytes),
        }
    }

    #[cold]
    #[inline(never)]
    fn extend_heap(&mut self, bytes: &[u8]) {
        if self.len != MOVED {
            self.heap.extend_from_slice(&self.inline[..self.len]);
            self.len = MOVED;
        }
        self.heap.extend_from_slice(bytes);
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if self.len == MOVED {
            self.heap.truncate(len)
        } else if len < self.len {
            self.inline[len..self.len].fill(0);
            self.len = len;
        }
    }

    /// As many bytes as there is room for in so many numbers, less one: what follows them inline is zero, and the last
    /// byte is their count.
    #[inline]
    pub(super) fn in_numbers<const N: usize>(&self) -> Option<[u64; N]> {
        const { assert!(8 * N <= INLINE) };
        if self.len > 8 * N - 1 {
            return None;
        }
        let mut numbers = std::array::from_fn(|at| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&self.inline[8 * at..8 * at + 8]);
            u64::from_le_bytes(bytes)
        });
        numbers[N - 1] |= (self.len as u64) << 56;
        Some(numbers)
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        self.inline.get(..self.len).unwrap_or(&self.heap)
    }

    pub(super) fn into_vec(self) -> Vec<u8> {
        match self.inline.get(..self.len) {
            Some(bytes) => bytes.to_vec(),
            None => self.heap,
        }
    }
}
