//! The callbacks of a cache.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::Event;

type Listener = Box<dyn Fn(&Event<'_>) + Send + Sync>;

thread_local! {
    /// Whether this thread is in a callback.
    static LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// Who is told of events.
#[derive(Default)]
pub(crate) struct Listeners {
    all: Vec<Listener>,
    /// Whether one has panicked.
    failed: AtomicBool,
}

impl Listeners {
    pub(crate) fn add(&mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) {
        self.all.push(Box::new(listener));
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Tells all of them, on this thread, unless it is in a callback already.
    pub(super) fn hear(&self, event: &Event<'_>) {
        if self.is_empty() {
            return;
        }
        let Some(_turn) = Turn::take() else { return };
        for listener in &self.all {
            let heard = catch_unwind(AssertUnwindSafe(|| listener(event)));
            if heard.is_err() && !self.failed.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    target: "cachestack",
                    namespace = event.namespace(),
                    "a callback for events panicked, the call goes on; said once for its cache",
                );
            }
        }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Listeners({})", self.all.len())
    }
}

/// Events of this thread are not told to anybody else while it lives.
struct Turn;

impl Turn {
    fn take() -> Option<Self> {
        // A thread that ends tells nobody.
        let taken = LISTENING.try_with(|listening| listening.replace(true));
        matches!(taken, Ok(false)).then(|| Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ended = LISTENING.try_with(|listening| listening.set(false));
    }
}
