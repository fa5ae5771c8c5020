//! A cache for a part of the program only, as tests want it.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cache::Cache;

thread_local! {
    static SCOPE: RefCell<Option<Rc<Cache>>> = const { RefCell::new(None) };
}

/// How many scopes there are in the process: without any, nobody looks at the thread's.
static SCOPES: AtomicUsize = AtomicUsize::new(0);

#[inline]
pub(super) fn may_be_set() -> bool {
    SCOPES.load(Ordering::Relaxed) > 0
}

/// Shared by this thread alone, so that many threads in one scope do not meet at how often it is shared.
pub(super) fn current() -> Option<Rc<Cache>> {
    SCOPE
        .try_with(|scope| scope.borrow().clone())
        .unwrap_or_default()
}

/// The scope of this thread while it lives; afterwards the one from before.
struct Entered(Option<Rc<Cache>>);

impl Entered {
    fn new(cache: Cache) -> Self {
        SCOPES.fetch_add(1, Ordering::Relaxed);
        Self(SCOPE.with(|scope| scope.replace(Some(Rc::new(cache)))))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        SCOPES.fetch_sub(1, Ordering::Relaxed);
        let before = self.0.take();
        // Whatever the scope held is dropped after the borrow.
        let _ended = SCOPE.try_with(|scope| scope.replace(before));
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
