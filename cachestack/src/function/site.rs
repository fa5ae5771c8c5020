//! One cached function in the source, with all instances of it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use cachestack_backends::{Dependency, Head, Namespace};

use super::identity::Identity;
use super::stats::{Counters, FunctionStats};

/// What is known of a cached function for as long as the process lives.
#[derive(Default)]
pub struct Site {
    first: OnceLock<Instance>,
    pub(super) counters: Counters,
}

thread_local! {
    /// The instances of generic functions that this thread has met, beyond the first of each.
    static MET: RefCell<Vec<(usize, &'static Instance)>> = const { RefCell::new(Vec::new()) };
}

/// One instance of a cached function.
pub(super) struct Instance {
    pub(super) identity: Identity,
    /// Whether the function has its identity to itself, or a key that is not made of it.
    pub(super) owns: bool,
    /// No other instance has it.
    pub(super) number: u32,
    /// What its keys begin with.
    pub(super) text: Box<str>,
    /// What all its entries depend on.
    pub(super) dependency: Dependency,
    /// What its keys begin with, digested in the first namespace it was used in.
    head: OnceLock<(Namespace, Head)>,
}

impl Instance {
    fn new(identity: Identity, owns: bool) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        Self {
            text: identity.text().into(),
            dependency: identity.dependency(),
            identity,
            owns,
            number: LAST.fetch_add(1, Ordering::Relaxed) + 1,
            head: OnceLock::new(),
        }
    }

    /// What the digests of its keys begin with.
    #[inline]
    pub(super) fn head(&self, namespace: &Namespace) -> Head {
        match self.head.get() {
            Some((known, head)) if known.is(namespace) => *head,
            _ => self.head_in(namespace),
        }
    }

    #[cold]
    fn head_in(&self, namespace: &Namespace) -> Head {
        let head = namespace.head(&self.text);
        let (known, first) = self.head.get_or_init(|| (namespace.clone(), head));
        match known.is(namespace) {
            true => *first,
            false => head,
        }
    }
}

impl Site {
    /// A function that was not called yet.
    pub const fn new() -> Self {
        Self {
            first: OnceLock::new(),
            counters: Counters::new(),
        }
    }

    /// The instance that is called, where a function can only have one.
    #[inline(always)]
    pub(super) fn meet_one(
        &'static self,
        identity: impl Fn() -> Identity,
        shares_key: bool,
    ) -> &'static Instance {
        match self.first.get() {
            Some(first) => first,
            None => self.meet_slowly(identity(), shares_key),
        }
    }

    /// The instance that is called. Of two functions with one identity, as two blocks of one function may hold, the
    /// second to be called does not own it, and is not cached.
    #[inline(always)]
    pub(super) fn meet(
        &'static self,
        identity: impl Fn() -> Identity,
        shares_key: bool,
    ) -> &'static Instance {
        match self.first.get() {
            Some(first) if first.identity.is(&identity()) => first,
            _ => self.meet_slowly(identity(), shares_key),
        }
    }

    #[cold]
    fn meet_slowly(&'static self, identity: Identity, shares_key: bool) -> &'static Instance {
        if self.first.get().is_none() {
            let owns = self.register(&identity, shares_key);
            // Another instance may have been first at the same time.
            self.first.get_or_init(|| Instance::new(identity, owns));
        }
        match self.first.get() {
            Some(first) if first.identity == identity => first,
            _ => self.meet_another(&identity, shares_key),
        }
    }

    fn meet_another(&'static self, identity: &Identity, shares_key: bool) -> &'static Instance {
        let met = MET.try_with(|met| {
            let met = met.borrow();
            let is_it = |(site, known): &&(usize, &'static Instance)| {
                *site == self.address() && known.identity.is(identity)
            };
            met.iter().find(is_it).map(|(_, known)| *known)
        });
        if let Ok(Some(known)) = met {
            return known;
        }
        let known = self.kept_for_ever(identity, shares_key);
        // A thread that ends has no list any more, and asks each time.
        let _kept = MET.try_with(|met| met.borrow_mut().push((self.address(), known)));
        known
    }

    /// The instance for as long as the process lives: one of each, and no more than the program has functions.
    fn kept_for_ever(&'static self, identity: &Identity, shares_key: bool) -> &'static Instance {
        static KEPT: LazyLock<Mutex<HashMap<(usize, Identity), &'static Instance>>> =
            LazyLock::new(Mutex::default);
        let owns = self.register(identity, shares_key);
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry((self.address(), *identity))
            .or_insert_with(|| Box::leak(Box::new(Instance::new(*identity, owns))))
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

/// Every cached function that was called or whose entries had a handle, with what it counted, by name.
///
/// Instances of one generic function share their numbers; each is listed under its own name. Of two functions with
/// one name, the first to be called is listed.
///
/// ```
/// use cachestack::{cached, functions};
///
/// #[cached(ttl = 60, name = "prices.total")]
/// fn total(cents: u64) -> u64 {
///     cents * 119 / 100
/// }
///
/// total(100);
/// total(100);
/// for (name, stats) in functions() {
///     println!("{name}: {stats}");
/// }
/// # let (_, stats) = functions().into_iter().find(|(name, _)| name == "prices.total").expect("it was called");
/// assert_eq!((stats.hits, stats.computed), (1, 1));
/// ```
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
        let name = self.first.get().map(|first| first.identity.text());
        write!(f, "Site({})", name.unwrap_or_default())
    }
}
