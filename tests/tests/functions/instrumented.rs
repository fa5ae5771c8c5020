//! `#[tracing::instrument]` beside `#[cached]`: above it traces computations, below it every call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::cached;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::cache;

/// Counts spans.
struct Spans(Arc<AtomicUsize>);

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "instrumented"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        let before = self.0.fetch_add(1, Ordering::SeqCst);
        Id::from_u64(u64::try_from(before).unwrap() + 1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn spans_of(calls: impl FnOnce()) -> usize {
    let spans = Arc::new(AtomicUsize::new(0));
    let all = || cache().sync_scope(calls);
    tracing::subscriber::with_default(Spans(Arc::clone(&spans)), all);
    spans.load(Ordering::SeqCst)
}

#[test]
fn above_it_is_computations_and_below_every_call() {
    #[tracing::instrument(target = "instrumented")]
    #[cached]
    fn above(id: u64) -> u64 {
        id
    }
    #[cached]
    #[tracing::instrument(target = "instrumented", skip_all)]
    fn below(id: u64) -> u64 {
        id
    }
    #[cached]
    #[tracing::instrument(target = "instrumented")]
    async fn later(id: u64) -> Result<u64, String> {
        Ok(id)
    }

    assert_eq!(spans_of(|| assert_eq!((above(1), above(1)), (1, 1))), 1);
    assert_eq!(spans_of(|| assert_eq!((below(1), below(1)), (1, 1))), 2);
    let both = || {
        for _ in 0..2 {
            assert_eq!(futures_executor::block_on(later(1)), Ok(1));
        }
    };
    assert_eq!(spans_of(both), 2);
}
