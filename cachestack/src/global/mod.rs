//! Which cache a function uses: the scope's, the configured one, or the embedded default.

mod scope;

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

use cachestack_backends::{Error, ErrorKind, Result};

pub(crate) use self::scope::Held;
use crate::cache::Cache;

static CONFIGURED: OnceLock<Cache> = OnceLock::new();
static EMBEDDED: OnceLock<Option<Cache>> = OnceLock::new();
/// For as long as the process lives: those that a function has found it keeps in mind.
static NAMED: RwLock<Option<HashMap<String, &'static Cache>>> = RwLock::new(None);

/// Sets the cache of all functions that name no other. Once, at startup.
///
/// Without it an embedded memory cache of 10,000 entries serves. When that has served already, this
/// replaces it, and what it holds is computed again.
///
/// # Errors
/// [`Config`](ErrorKind::Config) the second time; the first cache stays.
pub fn configure(cache: Cache) -> Result<()> {
    CONFIGURED.set(cache).map_err(|_| {
        Error::new(
            ErrorKind::Config,
            "the cache is configured already; call `configure` once, at startup, or use \
             `configure_named` for another cache and `Cache::scope` in tests",
        )
    })
}

/// Sets the cache of all functions that name it: `#[cached(cache = "sessions")]`. Once for each name.
///
/// Functions whose cache nobody configured compute, and say so once in a trace event.
///
/// # Errors
/// [`Config`](ErrorKind::Config) when that name is configured already; the first cache stays.
pub fn configure_named(name: impl Into<String>, cache: Cache) -> Result<()> {
    let name = name.into();
    let mut named = NAMED.write().unwrap_or_else(PoisonError::into_inner);
    let named = named.get_or_insert_default();
    if named.contains_key(&name) {
        let message =
            format!("the cache {name:?} is configured already; give this one another name");
        return Err(Error::new(ErrorKind::Config, message));
    }
    named.insert(name, Box::leak(Box::new(cache)));
    Ok(())
}

/// The cache that a function without one of its own would use here and now: the scope's, else the
/// configured one, else the embedded default, which needs the feature `memory`.
pub fn current() -> Option<Cache> {
    lend_current(&mut None).cloned()
}

/// The cache of that name, or the scope's; `None` when nobody configured it.
pub fn named(name: &str) -> Option<Cache> {
    if let Some(cache) = scope::current().as_ref().and_then(Held::cache) {
        return Some(cache.clone());
    }
    of_name(name).cloned()
}

/// The cache of that name outside of any scope.
fn of_name(name: &str) -> Option<&'static Cache> {
    let named = NAMED.read().unwrap_or_else(PoisonError::into_inner);
    named.as_ref()?.get(name).copied()
}

/// A cache as a function names it, which is looked for until it is configured.
#[derive(Debug)]
pub struct NamedCache {
    pub(crate) name: &'static str,
    known: OnceLock<&'static Cache>,
}

impl NamedCache {
    /// The cache of that name.
    pub const fn new(name: &'static str) -> Self {
        let known = OnceLock::new();
        Self { name, known }
    }

    /// The cache where there is no scope anywhere, and it was found before.
    #[inline(always)]
    pub(crate) fn without_scope(&self) -> Option<&'static Cache> {
        match scope::may_be_set() {
            true => None,
            false => self.known.get().copied(),
        }
    }

    /// The cache, or the scope's, which is held then; `None` when nobody configured it.
    pub(crate) fn lend<'l>(&self, held: &'l mut Option<Held>) -> Option<&'l Cache> {
        if scope::may_be_set() {
            *held = scope::current();
            if let Some(cache) = held.as_ref().and_then(Held::cache) {
                return Some(cache);
            }
        }
        if let Some(known) = self.known.get() {
            return Some(known);
        }
        let found = of_name(self.name)?;
        Some(self.known.get_or_init(|| found))
    }
}

/// The scope's cache, where there is a scope.
pub(crate) fn scope_here() -> Option<Cache> {
    let cache = scope::may_be_set().then(scope::current).flatten();
    cache.as_ref().and_then(Held::cache).cloned()
}

/// The current cache where there is no scope anywhere, and one was made.
#[inline(always)]
pub(crate) fn without_scope() -> Option<&'static Cache> {
    if scope::may_be_set() {
        return None;
    }
    match CONFIGURED.get() {
        Some(cache) => Some(cache),
        None => EMBEDDED.get()?.as_ref(),
    }
}

/// The current cache, which is held where it is the scope's.
pub(crate) fn lend_current(held: &mut Option<Held>) -> Option<&Cache> {
    if scope::may_be_set() {
        return lend_of_scope(held);
    }
    match CONFIGURED.get() {
        Some(cache) => Some(cache),
        None => outside(),
    }
}

fn lend_of_scope(held: &mut Option<Held>) -> Option<&Cache> {
    *held = scope::current();
    match held.as_ref().and_then(Held::cache) {
        Some(cache) => Some(cache),
        None => outside(),
    }
}

/// The current cache where there is no scope.
fn outside() -> Option<&'static Cache> {
    match CONFIGURED.get() {
        Some(cache) => Some(cache),
        None => EMBEDDED.get_or_init(embedded).as_ref(),
    }
}

#[cfg(feature = "memory")]
fn embedded() -> Option<Cache> {
    Some(Cache::from(cachestack_backends::MemoryBackend::default()))
}

#[cfg(not(feature = "memory"))]
fn embedded() -> Option<Cache> {
    tracing::warn!(
        target: "cachestack",
        "no cache is configured and the feature `memory` is off: functions compute every time; call `configure` at startup",
    );
    None
}
