//! One cached function in the source, with all instances of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use super::identity::Identity;
use super::stats::{Counters, FunctionStats};

/// What is known of a cached function for as long as the process lives.
#[derive(Default)]
pub struct Site {
    first: OnceLock<(Identity, bool)>,
    pub(super) counters: Counters,
}

thread_local! {
    /// The instances of generic functions that this thread has met, beyond the first of each.
    static MET: RefCell<Vec<(usize, Identity, bool)>> = const { RefCell::new(Vec::new()) };
}

impl Site {
    /// A function that was not called yet.
    pub const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            counters: Counters::new(),
        }
    }

    /// Whether the function has its identity to itself, or a key that is not made of it. Of two functions with
    /// one identity, as two blocks of one function may hold, the second to be called is not cached.
    #[inline]
    pub(super) fn owns(&'static self, identity: &Identity, shares_key: bool) -> bool {
        match self.first.get() {
            Some((first, owns)) if first == identity => *owns,
            Some(_) => self.owns_too(identity, shares_key),
            None => {
                let owns = self.register(identity, shares_key);
                self.first.get_or_init(|| (*identity, owns));
                owns
            }
        }
    }

    fn owns_too(&'static self, identity: &Identity, shares_key: bool) -> bool {
        let met = MET.try_with(|met| {
            let met = met.borrow();
            let known = met
                .iter()
                .find(|(site, known, _)| *site == self.address() && known == identity);
            known.map(|(_, _, owns)| *owns)
        });
        if let Ok(Some(owns)) = met {
            return owns;
        }
        let owns = self.register(identity, shares_key);
        // A thread that ends has no list any more, and asks each time.
        let _kept = MET.try_with(|met| met.borrow_mut().push((self.address(), *identity, owns)));
        owns
    }

    fn address(&'static self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    #[cold]
    fn register(&'static self, identity: &Identity, shares_key: bool) -> bool {
        let is_first = {
            let mut sites = SITES.lock().unwrap_or_else(PoisonError::into_inner);
            let owner = sites.entry(identity.text()).or_insert(self);
            owner.address() == self.address()
        };
        // Nothing is locked any more: who listens to the event may call cached functions.
        let owns = is_first || shares_key;
        if !owns {
            tracing::warn!(
                target: "cachestack",
                function = identity.text(),
                "another cached function has the same path; this one is not cached: rename it, or give it a `name`",
            );
        }
        owns
    }
}

static SITES: LazyLock<Mutex<HashMap<String, &'static Site>>> = LazyLock::new(Mutex::default);

/// Every cached function that was called or whose handles were made, with what it counted, by name.
///
/// Instances of one generic function share their numbers; each is listed under its own name.
pub fn functions() -> Vec<(String, FunctionStats)> {
    let sites = SITES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut all: Vec<_> = sites
        .iter()
        .map(|(name, site)| (name.clone(), site.counters.stats()))
        .collect();
    drop(sites);
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.first.get().map(|(first, _)| first.text());
        write!(f, "Site({})", name.unwrap_or_default())
    }
}
