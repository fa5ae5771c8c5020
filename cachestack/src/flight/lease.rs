//! How long a leader has for itself.

use std::time::Duration;

use cachestack_backends::{Clock, Moment};

/// How long waiters leave the computation to its leader, and by which clock.
#[derive(Clone, Copy)]
pub(crate) struct Lease<'a> {
    pub(super) clock: &'a Clock,
    time: Duration,
    began: Moment,
}

impl<'a> Lease<'a> {
    /// One that begins now.
    pub(crate) fn new(clock: &'a Clock, time: Duration) -> Self {
        let began = clock.now();
        Self { clock, time, began }
    }

    /// When it begins.
    pub(crate) fn began(&self) -> Moment {
        self.began
    }

    /// When it ends; beyond the clock's end it never does.
    pub(super) fn ending(&self) -> Option<Moment> {
        self.ending_of(self.began)
    }

    /// When one that began then ends.
    pub(super) fn ending_of(&self, began: Moment) -> Option<Moment> {
        began.checked_add(self.time)
    }
}
