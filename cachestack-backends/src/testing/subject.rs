//! The backend under test.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{AnyBackend, Backend};
use crate::clock::{Clock, Moment};
use crate::key::Key;
use crate::runtime::{block_on, sleep};

/// A part of a rule, to be polled until it ends; see [`Subject::driven_by`].
pub type Driven<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

type Driver = Arc<dyn Fn(Driven<'_>) + Send + Sync>;
type Damager = Box<dyn Fn(&Key, &mut dyn FnMut(&mut Vec<u8>)) + Send + Sync>;

/// A backend for the contract suite, with what the suite must know of it.
///
/// Every rule gets a fresh one: empty, and sharing nothing with those of other rules, which run at the
/// same time.
///
/// ```
/// use cachestack_backends::testing::Subject;
/// use cachestack_backends::{Clock, MemoryBackend};
///
/// let clock = Clock::manual();
/// let memory = MemoryBackend::builder().clock(clock.clone()).build()?;
/// let subject = Subject::new(memory).clock(clock);
/// # Ok::<(), cachestack_backends::Error>(())
/// ```
#[must_use]
pub struct Subject {
    pub(super) backend: AnyBackend,
    pub(super) clock: Clock,
    pub(super) damager: Option<Damager>,
    driver: Driver,
    /// Dropped last.
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

impl Subject {
    /// A backend that lives by the system clock and needs no runtime.
    pub fn new(backend: impl Backend) -> Self {
        Self {
            backend: AnyBackend::new(backend),
            clock: Clock::system(),
            damager: None,
            driver: Arc::new(|part| block_on(part)),
            kept: Vec::new(),
        }
    }

    /// The clock the backend lives by. A manual one is moved where the suite sleeps otherwise, for 1.5 s a
    /// rule at most.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Keeps something until the rule has ended: a temporary folder, a server.
    pub fn keeping(mut self, kept: impl Any + Send + Sync) -> Self {
        self.kept.push(Box::new(kept));
        self
    }

    /// How to change the stored bytes of a key from outside: the closure gets the key and an edit for its
    /// bytes. Without it, the rules for damaged entries find nothing to damage.
    pub fn damaged_by(
        mut self,
        damager: impl Fn(&Key, &mut dyn FnMut(&mut Vec<u8>)) + Send + Sync + 'static,
    ) -> Self {
        self.damager = Some(Box::new(damager));
        self
    }

    /// How the backend's futures are driven when they need a runtime around them, such as tokio's:
    /// `.driven_by(move |part| runtime.block_on(part))`. It is called from several threads at once.
    pub fn driven_by(mut self, driver: impl Fn(Driven<'_>) + Send + Sync + 'static) -> Self {
        self.driver = Arc::new(driver);
        self
    }

    /// The backend itself.
    pub fn backend(&self) -> &AnyBackend {
        &self.backend
    }

    /// The time on the backend's clock.
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Moves the clock, or really waits when it cannot be moved.
    pub async fn advance(&self, by: Duration) {
        match self.clock.is_manual() {
            true => self.clock.advance(by),
            false => sleep(by).await,
        }
    }

    /// Drives a future of this backend to its end.
    pub fn drive(&self, part: impl Future<Output = ()>) {
        (self.driver)(Box::pin(part));
    }

    pub(super) fn driver(&self) -> impl Fn(Driven<'_>) + Send + Sync + 'static {
        let driver = Arc::clone(&self.driver);
        move |part| driver(part)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("backend", &self.backend)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
