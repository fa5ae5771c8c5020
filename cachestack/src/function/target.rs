//! Which cache a function uses.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::cache::Cache;
use crate::global::{self, NamedCache};

/// Which cache a function named.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// None: the current one.
    Current,
    /// One of those that were configured by name.
    Named(&'static NamedCache),
    /// This one.
    Given(&'a Cache),
}

impl Target<'_> {
    #[inline]
    pub(super) fn with<R>(self, use_it: impl FnOnce(Option<&Cache>) -> R) -> R {
        use_it(self.lend(&mut Held::default()))
    }

    /// The cache, for as long as what may have to be held for that is.
    pub(super) fn lend<'l>(&'l self, held: &'l mut Held) -> Option<&'l Cache> {
        match self {
            Self::Current => global::lend_current(&mut held.0),
            Self::Given(cache) => Some(cache),
            Self::Named(named) => {
                let cache = named.lend(&mut held.0);
                if cache.is_none() {
                    warn_unnamed(named.name);
                }
                cache
            }
        }
    }

    /// The cache where nothing has to be held for that, as it is in most cases.
    #[inline(always)]
    pub(super) fn at_once(&self) -> Option<&Cache> {
        match self {
            Self::Current => global::without_scope(),
            Self::Given(cache) => Some(cache),
            Self::Named(named) => named.without_scope(),
        }
    }

    pub(super) fn cache(self) -> Option<Cache> {
        self.with(|cache| cache.cloned())
    }
}

/// What is held while a cache is lent.
#[derive(Default)]
pub(super) struct Held(Option<global::Held>);

fn warn_unnamed(name: &'static str) {
    static WARNED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let is_new = {
        let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !warned.contains(&name);
        if is_new {
            warned.push(name);
        }
        is_new
    };
    // Nothing is locked any more: who listens to the event may call cached functions.
    if is_new {
        tracing::warn!(
            target: "cachestack",
            cache = name,
            "no cache of this name is configured, its functions compute every time; call `configure_named` at startup",
        );
    }
}

/// What `cache = ...` takes beside a name: a [`Cache`], or something that holds one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cache",
    note = "`cache = ...` takes a name in quotes, a `Cache`, or a reference, `Arc` or `LazyLock` of one"
)]
pub trait AsCache {
    /// The cache.
    fn as_cache(&self) -> &Cache;
}

impl AsCache for Cache {
    fn as_cache(&self) -> &Cache {
        self
    }
}

impl<C: AsCache + ?Sized> AsCache for &C {
    fn as_cache(&self) -> &Cache {
        (**self).as_cache()
    }
}

impl<C: AsCache + ?Sized> AsCache for Arc<C> {
    fn as_cache(&self) -> &Cache {
        (**self).as_cache()
    }
}

impl<C: AsCache, F: FnOnce() -> C> AsCache for LazyLock<C, F> {
    fn as_cache(&self) -> &Cache {
        (**self).as_cache()
    }
}
