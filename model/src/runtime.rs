//! What the two crates ask of the runtime crate: waiting by a clock, and who blocks whom.

use std::cell::Cell;
use std::future::Future;

pub use backends::runtime::{Alarm, Place, alarm};

shuttle::thread_local! {
    static BLOCKING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread waits itself, and is not the executor's.
pub fn is_blocking() -> bool {
    BLOCKING.with(Cell::get)
}

/// Waits on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    BLOCKING.with(|blocking| blocking.set(true));
    let output = shuttle::future::block_on(future);
    BLOCKING.with(|blocking| blocking.set(false));
    output
}

/// The end of what must wait for a lock to be free; nothing here is dropped late.
pub(crate) struct Scope;

impl Scope {
    pub(crate) fn new() -> Self {
        Self
    }
}
