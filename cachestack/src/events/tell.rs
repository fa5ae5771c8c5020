//! The one way by which a cache counts an outcome and tells of it.

use std::time::Duration;

use cachestack_backends::Error;

use super::{Event, Outcome};
use crate::cache::Cache;
use crate::function::{Counters, Identity};

/// Who calls: a function, or a call by hand, which has no identity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) identity: Option<&'static Identity>,
    pub(crate) counters: &'static Counters,
}

impl Cache {
    /// Counts an outcome, of the function too, and tells of it. Whoever listens may call cached functions: never to
    /// be called while anything is locked, nor while others wait for the caller.
    pub(crate) fn tell(&self, origin: Option<Origin>, outcome: Outcome, key: Option<&str>) {
        self.count(origin, outcome);
        self.announce(origin, outcome, key, Beside::default());
    }

    /// Counts an outcome that is told of later.
    pub(crate) fn count(&self, origin: Option<Origin>, outcome: Outcome) {
        self.counters().count(outcome);
        if let Some(origin) = origin {
            origin.counters.count(outcome);
        }
    }

    /// Adds up how long computations took.
    pub(crate) fn time(&self, origin: Option<Origin>, took: Duration) {
        self.counters().computing.add(took);
        if let Some(origin) = origin {
            origin.counters.computing.add(took);
        }
    }

    /// Counts a value beyond its ttl that is given out, and tells of it; or a hit, which is counted otherwise.
    pub(crate) fn tell_found(
        &self,
        origin: Option<Origin>,
        outcome: Outcome,
        key: &str,
        layer: Option<usize>,
    ) {
        match (outcome, layer, origin) {
            (Outcome::Hit, Some(layer), Some(origin)) => origin.counters.hit(layer),
            _ => self.count(origin, outcome),
        }
        self.announce(origin, outcome, Some(key), Beside { layer, took: None });
    }

    /// A mutation could not put what it returned.
    pub(crate) fn put_failed(&self, error: &Error) {
        warn_failed("put", error);
        self.tell(None, Outcome::FailedOpen, None);
    }

    /// Tells of an outcome that has been counted.
    pub(crate) fn announce(
        &self,
        origin: Option<Origin>,
        outcome: Outcome,
        key: Option<&str>,
        beside: Beside,
    ) {
        let event = Event::new(Some(self), outcome)
            .function_is(origin.and_then(|origin| origin.identity))
            .key_is(key)
            .layer_is(beside.layer)
            .took_so_long(beside.took);
        trace(&event);
        self.listeners().hear(&event);
    }

    /// Whether anybody may listen to hits.
    #[inline(always)]
    pub(crate) fn may_be_heard(&self) -> bool {
        tracing::level_enabled!(tracing::Level::TRACE) || !self.listeners().is_empty()
    }

    /// Tells of a hit in the top layer, which has been counted. Without anybody who listens it is two looks.
    #[inline]
    pub(crate) fn hit_on_top(&self, identity: Option<&Identity>, key: impl FnOnce() -> String) {
        let is_traced = tracing::enabled!(target: "cachestack", tracing::Level::TRACE);
        if is_traced || !self.listeners().is_empty() {
            self.announce_hit(identity, &key());
        }
    }

    #[cold]
    fn announce_hit(&self, identity: Option<&Identity>, key: &str) {
        let event = Event::new(Some(self), Outcome::Hit)
            .function_is(identity)
            .key_is(Some(key))
            .layer_is(Some(0));
        trace(&event);
        self.listeners().hear(&event);
    }
}

/// What an event tells where there was one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside {
    pub(crate) layer: Option<usize>,
    pub(crate) took: Option<Duration>,
}

/// The same for a function whose cache is not configured.
#[cold]
pub(crate) fn tell_without_cache(origin: Origin) {
    origin.counters.count(Outcome::Uncached);
    let event = Event::new(None, Outcome::Uncached);
    trace(&event.function_is(origin.identity));
}

/// Says why a call fails open. That it does is told when nobody waits for it.
pub(crate) fn warn_failed(what: &str, error: &Error) {
    tracing::warn!(target: "cachestack", %error, "{what} failed, the function goes on without");
}

/// Neither key nor value is in a trace.
fn trace(event: &Event<'_>) {
    macro_rules! trace {
        ($level:ident) => {
            tracing::$level!(
                target: "cachestack",
                function = event.identity().map(display),
                namespace = event.namespace(),
                layer = event.layer_name(),
                depth = event.layer(),
                took = event.took().map(tracing::field::debug),
                "{}",
                event.outcome(),
            )
        };
    }
    match event.outcome() {
        Outcome::Hit => trace!(trace),
        _ => trace!(debug),
    }
}
