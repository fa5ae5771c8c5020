//! A cache for a part of the program only, as tests want it.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cache::Cache;

thread_local! {
    static SCOPE: RefCell<Option<Held>> = const { RefCell::new(None) };
    /// What the last scope was held in, empty: scopes come and go with each poll of a future.
    static SPARE: Cell<Option<Held>> = const { Cell::new(None) };
}

/// Shared by this thread alone, so that many threads in one scope do not meet at how often it is shared. There is a
/// cache in it for as long as there is a scope.
#[derive(Clone)]
pub(crate) struct Held(Rc<Option<Cache>>);

impl Held {
    fn new(cache: Cache) -> Self {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        let mut held = spare.unwrap_or_else(|| Self(Rc::new(None)));
        match Rc::get_mut(&mut held.0) {
            Some(place) => *place = Some(cache),
            None => held = Self(Rc::new(Some(cache))),
        }
        held
    }

    pub(super) fn cache(&self) -> Option<&Cache> {
        Option::as_ref(&self.0)
    }

    fn end(mut self) {
        // A call that began in the scope may hold it still.
        let Some(cache) = Rc::get_mut(&mut self.0).map(Option::take) else {
            return;
        };
        let _ended = SPARE.try_with(|spare| spare.set(Some(self)));
        // Whatever it held is dropped last: it may come back here.
        drop(cache);
    }
}

/// How many scopes there are in the process: without any, nobody looks at the thread's.
static SCOPES: AtomicUsize = AtomicUsize::new(0);

#[inline]
pub(super) fn may_be_set() -> bool {
    SCOPES.load(Ordering::Relaxed) > 0
}

pub(super) fn current() -> Option<Held> {
    SCOPE
        .try_with(|scope| scope.borrow().clone())
        .unwrap_or_default()
}

/// The scope of this thread while it lives; afterwards the one from before.
struct Entered(Option<Held>);

impl Entered {
    fn new(cache: Cache) -> Self {
        SCOPES.fetch_add(1, Ordering::Relaxed);
        Self(SCOPE.with(|scope| scope.replace(Some(Held::new(cache)))))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        SCOPES.fetch_sub(1, Ordering::Relaxed);
        let before = self.0.take();
        // Whatever the scope held is dropped after the borrow.
        let ended = SCOPE.try_with(|scope| scope.replace(before));
        if let Ok(Some(held)) = ended {
            held.end();
        }
    }
}

impl Cache {
    /// Runs a future in which every cached function that names no cache by an expression uses this one,
    /// whatever is configured. Tasks that it spawns are outside of it.
    ///
    /// With a cache for each test, tests run in parallel and share nothing.
    ///
    /// ```
    /// use cachestack::{Cache, cached};
    ///
    /// #[cached(ttl = 60)]
    /// async fn double(x: u64) -> u64 {
    ///     x * 2
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cachestack::Error> {
    /// let cache = Cache::builder().build()?;
    /// cache.scope(async { assert_eq!(double(21).await, 42) }).await;
    /// assert_eq!(cache.stats().await?.computed, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _entered = Entered::new(self.clone());
            future.as_mut().poll(context)
        })
        .await
    }

    /// Runs a closure in which every cached function that names no cache by an expression uses this one.
    /// Threads that it starts are outside of it.
    pub fn sync_scope<R>(&self, run: impl FnOnce() -> R) -> R {
        let _entered = Entered::new(self.clone());
        run()
    }
}
