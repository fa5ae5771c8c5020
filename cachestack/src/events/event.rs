//! An outcome with what it is about.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use super::Outcome;
use crate::cache::Cache;
use crate::function::Identity;

/// What became of a call, and of which; see [`CacheBuilder::on_event`](crate::CacheBuilder::on_event).
///
/// It borrows all it tells from the call. `Debug` shows everything but the key: keys often hold what should not be
/// in a log.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    outcome: Outcome,
    function: Option<&'a Identity>,
    cache: Option<&'a Cache>,
    layer: Option<usize>,
    took: Option<Duration>,
    key: Option<&'a str>,
}

impl<'a> Event<'a> {
    pub(super) fn new(cache: Option<&'a Cache>, outcome: Outcome) -> Self {
        Self {
            outcome,
            function: None,
            cache,
            layer: None,
            took: None,
            key: None,
        }
    }

    pub(super) fn function_is(mut self, function: Option<&'a Identity>) -> Self {
        self.function = function;
        self
    }

    pub(super) fn layer_is(mut self, layer: Option<usize>) -> Self {
        self.layer = layer;
        self
    }

    pub(super) fn took_so_long(mut self, took: Option<Duration>) -> Self {
        self.took = took;
        self
    }

    pub(super) fn key_is(mut self, key: Option<&'a str>) -> Self {
        self.key = key;
        self
    }

    /// What became of the call.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The function's name, as [`functions`](crate::functions) lists it. `None` for calls by hand, such as
    /// [`get_or_compute`](crate::Cache::get_or_compute), and for what a mutation does. Only the name of a generic
    /// function, of a method or of a function with a version is put together here.
    pub fn function(&self) -> Option<Cow<'a, str>> {
        self.function.map(Identity::name)
    }

    /// The cache's namespace.
    pub fn namespace(&self) -> &'a str {
        self.cache.map_or("", |cache| cache.namespace().as_str())
    }

    /// The layer that had the value; 0 is the top. Of a stack within a stack, it is the outer one's.
    pub fn layer(&self) -> Option<usize> {
        self.layer
    }

    /// The name of that layer's store, such as `memory`.
    pub fn layer_name(&self) -> Option<&'a str> {
        self.cache?.stack().layer_name(self.layer?)
    }

    /// How long the computation took, where there was one, by the cache's clock.
    pub fn took(&self) -> Option<Duration> {
        self.took
    }

    /// The text of the key within the namespace, where it is known: with the arguments of the call in it.
    pub fn key(&self) -> Option<&'a str> {
        self.key
    }

    pub(super) fn identity(&self) -> Option<&'a Identity> {
        self.function
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("outcome", &self.outcome)
            .field("function", &self.function())
            .field("namespace", &self.namespace())
            .field("layer", &self.layer)
            .field("layer_name", &self.layer_name())
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}
