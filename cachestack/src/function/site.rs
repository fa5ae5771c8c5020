//! One cached function: its identity, and its cache.

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use crate::cache::Cache;
use crate::global;

/// What is known of a cached function for as long as the process lives.
pub struct Site {
    identity: fn() -> &'static str,
    id: fn() -> TypeId,
    is_first: OnceLock<bool>,
}

impl Site {
    /// The site of the function whose companion type is `F`. The type's path is the function's.
    pub const fn new<F: 'static>() -> Self {
        Self {
            identity: type_name::<F>,
            id: TypeId::of::<F>,
            is_first: OnceLock::new(),
        }
    }

    /// What the function's keys begin with: its path, with the functions it is in.
    #[inline]
    pub fn identity(&self) -> &'static str {
        (self.identity)()
    }

    /// Whether the function has its identity to itself. Of two functions with one identity, as two blocks
    /// of one function may hold, the second to be called is not cached.
    #[inline]
    pub(super) fn is_unique(&self) -> bool {
        match self.is_first.get() {
            Some(is_first) => *is_first,
            None => self.register(),
        }
    }

    #[cold]
    fn register(&self) -> bool {
        static SITES: LazyLock<Mutex<HashMap<&'static str, TypeId>>> =
            LazyLock::new(Mutex::default);
        let is_first = {
            let mut sites = SITES.lock().unwrap_or_else(PoisonError::into_inner);
            *sites.entry(self.identity()).or_insert_with(self.id) == (self.id)()
        };
        // Nothing is locked any more: who listens to the event may call cached functions.
        if self.is_first.set(is_first).is_ok() && !is_first {
            tracing::warn!(
                target: "cachestack",
                function = self.identity(),
                "another cached function has the same path; this one is not cached: rename it, or give it a `key`",
            );
        }
        is_first
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Site({})", self.identity())
    }
}

/// Which cache a function named.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// None: the current one.
    Current,
    /// One of those that were configured by name.
    Named(&'static str),
    /// This one.
    Given(&'a Cache),
}

impl Target<'_> {
    #[inline]
    pub(super) fn with<R>(self, use_it: impl FnOnce(Option<&Cache>) -> R) -> R {
        match self {
            Self::Current => global::with_current(use_it),
            Self::Given(cache) => use_it(Some(cache)),
            Self::Named(name) => {
                let cache = global::named(name);
                if cache.is_none() {
                    warn_unnamed(name);
                }
                use_it(cache.as_ref())
            }
        }
    }

    pub(super) fn cache(self) -> Option<Cache> {
        self.with(|cache| cache.cloned())
    }
}

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
