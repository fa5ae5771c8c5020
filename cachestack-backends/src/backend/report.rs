//! The one place where a store's failures get their context, are counted, and are kept silent.

use crate::error::{Operation, Result};
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
    /// answers `otherwise` in its stead.
    pub(crate) fn outcome<T>(
        &self,
        operation: Operation,
        key: Option<KeyDigest>,
        result: Result<T>,
        otherwise: impl FnOnce() -> T,
    ) -> Result<T> {
        let error = match result {
            Ok(value) => return Ok(value),
            Err(error) => error.at(self.name, operation),
        };
        let error = match key {
            Some(key) => error.about(key),
            None => error,
        };
        self.counters.errors.add(1);
        tracing::debug!(target: "cachestack", %error, silent = self.silent, "backend failed");
        match self.silent {
            true => Ok(otherwise()),
            false => Err(error),
        }
    }
}
