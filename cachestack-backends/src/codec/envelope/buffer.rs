//! Where payloads are written before it is known how long they are.

use std::cell::Cell;

use bytes::Bytes;

use crate::error::Result;

/// A thread keeps a buffer of so many bytes at most.
const MOST_KEPT: usize = 64 << 10;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What is written, in memory of just its length unless it is very long. A thread writes one payload after the other into
/// the same buffer.
pub(super) fn encoded(write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<Bytes> {
    // What writes may call for another payload, which then finds none. Nor does a thread that ends.
    let mut buffer = BUFFER.try_with(Cell::take).unwrap_or_default();
    buffer.clear();
    let written = write(&mut buffer);
    if buffer.len() > MOST_KEPT {
        return written.map(|()| buffer.into());
    }
    let payload = written.map(|()| Bytes::copy_from_slice(&buffer));
    if buffer.capacity() <= MOST_KEPT {
        let _ended = BUFFER.try_with(|kept| kept.set(buffer));
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_is_written_within_another_is_whole_and_so_is_that() {
        let mut within = Bytes::new();
        let outer = encoded(|out| {
            out.extend_from_slice(b"before, ");
            within = encoded(|out| {
                out.extend_from_slice(b"within");
                Ok(())
            })?;
            out.extend_from_slice(b"after");
            Ok(())
        });
        assert_eq!(outer.unwrap(), &b"before, after"[..]);
        assert_eq!(within, &b"within"[..]);
    }

    #[test]
    fn a_thread_keeps_its_buffer_and_none_that_is_large() {
        let write = |length: usize| {
            let payload = encoded(|out| {
                out.resize(length, 7);
                Ok(())
            });
            assert_eq!(payload.unwrap().len(), length);
            let kept = BUFFER.take();
            let capacity = kept.capacity();
            BUFFER.set(kept);
            capacity
        };
        let kept = write(1_000);
        assert!((1_000..=MOST_KEPT).contains(&kept));
        assert_eq!(write(10), kept);
        assert_eq!(write(MOST_KEPT + 1), 0, "the large one had taken its place");
        assert!(write(10) < 1_000);
    }
}
