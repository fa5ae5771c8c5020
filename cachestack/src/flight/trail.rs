//! Which computations this thread is in the middle of: a call from within one would wait for itself.

use std::cell::RefCell;
use std::sync::Arc;

use super::Flight;
use crate::sync::thread_local;

thread_local! {
    /// Addresses of flights whose leaders are on this thread's stack, innermost last. They are the flights' own as
    /// long as they are here: a leader holds its flight.
    static TRAIL: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// While it lives, this thread computes for a flight. Marks end in the reverse of the order in which they began.
#[must_use = "the mark ends when this is dropped"]
pub(crate) struct Mark(());

impl Mark {
    pub(super) fn set(flight: &Arc<Flight>) -> Self {
        // While the thread ends there is nothing to write it in.
        let _ = TRAIL.try_with(|trail| trail.borrow_mut().push(address(flight)));
        Self(())
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let _ = TRAIL.try_with(|trail| trail.borrow_mut().pop());
    }
}

/// Whether this thread computes for the flight now, further up its stack.
pub(super) fn leads_here(flight: &Arc<Flight>) -> bool {
    let address = address(flight);
    TRAIL
        .try_with(|trail| trail.borrow().iter().rev().any(|it| *it == address))
        .unwrap_or(false)
}

fn address(flight: &Arc<Flight>) -> usize {
    Arc::as_ptr(flight).addr()
}
