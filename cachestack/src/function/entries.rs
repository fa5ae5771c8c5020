//! The handle on all entries of a cached function.

use std::fmt;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{Dependency, Error, ErrorKind, Result};

use super::identity::Identity;
use super::invalidate::Doomed;
use super::site::Site;
use super::stats::FunctionStats;
use super::target::Target;
use crate::cache::Cache;

/// All entries of a cached function, with all its instances: `get_user::entries()`.
///
/// ```
/// use cachestack::{Cache, cached};
///
/// #[cached(ttl = 60)]
/// async fn name_of(id: u64) -> String {
///     format!("user {id}")
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # Cache::builder().build()?.scope(async {
/// name_of(7).await;
/// name_of(7).await;
/// name_of::entries().invalidate().await?;
/// name_of(7).await;
/// let stats = name_of::entries().stats();
/// assert_eq!((stats.hits, stats.computed), (1, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a handle does nothing by itself"]
pub struct CachedEntries {
    site: &'static Site,
    identity: Identity,
    cache: Option<Cache>,
}

impl CachedEntries {
    /// The handle for the attribute's expansion.
    #[doc(hidden)]
    pub fn new(site: &'static Site, identity: Identity, target: Target<'_>) -> Self {
        Self {
            site,
            identity,
            cache: target.cache(),
        }
    }

    /// Makes every entry that the function stored a miss, in every layer and process, whatever their number:
    /// one small write in each layer that is no memory. When this returns `Ok`, no call that begins later in
    /// this process gets an old value, not even from a computation that is under way. Other processes see it
    /// with their next look-up below memory.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when the function's cache is not configured, and when a layer failed.
    pub async fn invalidate(&self) -> Result<()> {
        let (cache, function) = self.place()?;
        cache.invalidate_all_on(&[function]).await
    }

    /// What the function counted since the process began, in all caches it used and with all its instances: how its
    /// calls ended, in which layer it was hit, and how long it computed. [`functions`](crate::functions) lists that
    /// of every function, and [`CacheBuilder::on_event`](crate::CacheBuilder::on_event) tells of each call.
    pub fn stats(&self) -> FunctionStats {
        self.site.counters.stats()
    }

    /// The same handle for sync code.
    pub fn blocking(self) -> BlockingEntries {
        BlockingEntries(self)
    }

    fn place(&self) -> Result<(Cache, Dependency)> {
        let cache = self.cache.clone().ok_or_else(not_configured)?;
        Ok((cache, self.identity.dependency()))
    }
}

pub(super) fn not_configured() -> Error {
    Error::new(
        ErrorKind::Config,
        "the function's cache is not configured; call `configure` or `configure_named` at startup",
    )
}

impl From<CachedEntries> for Doomed {
    fn from(entries: CachedEntries) -> Self {
        Self::Many(entries.place())
    }
}

impl fmt::Debug for CachedEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedEntries")
            .field("function", &self.identity.function())
            .finish_non_exhaustive()
    }
}

/// [`CachedEntries`] for sync code.
#[derive(Debug)]
#[must_use = "a handle does nothing by itself"]
pub struct BlockingEntries(CachedEntries);

impl BlockingEntries {
    /// See [`CachedEntries::invalidate`].
    ///
    /// # Errors
    /// As there.
    pub fn invalidate(&self) -> Result<()> {
        block_on(self.0.invalidate())
    }

    /// See [`CachedEntries::stats`].
    pub fn stats(&self) -> FunctionStats {
        self.0.stats()
    }
}
