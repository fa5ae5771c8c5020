//! The one place where a store's failures get their context, are counted, and are kept silent.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;

use crate::error::{Error, Operation, Result};
use crate::key::KeyDigest;
use crate::stats::Counters;

/// What every store of this library keeps beside its data.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) name: &'static str,
    pub(crate) silent: bool,
    pub(crate) counters: Counters,
}

impl Report {
    pub(crate) fn new(name: &'static str, silent: bool) -> Self {
        Self {
            name,
            silent,
            counters: Counters::default(),
        }
    }

    /// Passes a success on. A failure is counted and traced and gets its place; a silent store then
    /// answers `otherwise` in its stead, except to a stack.
    pub(crate) fn outcome<T>(
        &self,
        operation: Operation,
        key: Option<KeyDigest>,
        result: Result<T>,
        otherwise: impl FnOnce() -> T,
    ) -> Result<T> {
        result.or_else(|error| match self.failed(operation, key, error) {
            None => Ok(otherwise()),
            Some(error) => Err(error),
        })
    }

    /// The error to be returned, unless it is kept silent.
    fn failed(&self, operation: Operation, key: Option<KeyDigest>, error: Error) -> Option<Error> {
        let error = error.at(self.name, operation);
        let error = match key {
            Some(key) => error.about(key),
            None => error,
        };
        self.counters.errors.add(1);
        tracing::debug!(target: "cachestack", %error, silent = self.silent, "backend failed");
        let is_silent = self.silent && !CANDID.get();
        (!is_silent).then_some(error)
    }
}

thread_local! {
    static CANDID: Cell<bool> = const { Cell::new(false) };
}

/// Asks a store that may be silent, and hears of its failures all the same. A stack must know what a layer
/// did not take; it is silent about that layer in its stead.
pub(crate) async fn candidly<R>(asked: impl Future<Output = R>) -> R {
    let mut asked = pin!(asked);
    poll_fn(|context| {
        let _candid = Candid(CANDID.replace(true));
        asked.as_mut().poll(context)
    })
    .await
}

/// The same for what is done at once.
#[cfg(feature = "memory")]
pub(crate) fn candid<R>(done: impl FnOnce() -> R) -> R {
    let _candid = Candid(CANDID.replace(true));
    done()
}

/// Restores what was before, also when the store panics.
struct Candid(bool);

impl Drop for Candid {
    fn drop(&mut self) {
        CANDID.set(self.0);
    }
}
