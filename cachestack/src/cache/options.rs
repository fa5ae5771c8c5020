//! What may be said of one entry when it is stored.

use std::time::Duration;

use cachestack_backends::Dependency;

/// How one entry is kept. A `Duration` stands for its ttl, `None` for the defaults.
///
/// ```
/// use std::time::Duration;
/// use cachestack::{Cache, EntryOptions};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), cachestack::Error> {
/// let cache = Cache::builder().build()?;
/// cache.set("a", 1, None).await?;
/// cache.set("b", 2, Duration::from_secs(60)).await?;
/// cache.set("c", 3, EntryOptions::new().ttl(Duration::from_secs(60)).tags(["odd"])).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryOptions {
    /// How long the entry lives. Default: the cache's ttl, else what each layer says. Zero is an error of
    /// `set`; a computed value with it is not stored.
    pub ttl: Option<Duration>,
    /// What the entry can be invalidated by together with others; see [`Cache::invalidate_tag`]. Default: no
    /// tags.
    ///
    /// [`Cache::invalidate_tag`]: crate::Cache::invalidate_tag
    pub tags: Vec<String>,
    /// How long a batch keeps in mind that there is nothing under a key, as
    /// [`Cache::get_or_compute_many`](crate::Cache::get_or_compute_many) says. Default: not at all.
    pub none_ttl: Option<Duration>,
}

impl EntryOptions {
    /// The defaults of the cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the entry lives.
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Adds tags. Any text is one; they belong to the cache's namespace.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// How long a batch keeps in mind that there is nothing under a key.
    #[must_use]
    pub fn none_ttl(mut self, ttl: Duration) -> Self {
        self.none_ttl = Some(ttl);
        self
    }

    pub(super) fn dependencies(&self) -> Vec<Dependency> {
        self.tags.iter().map(Dependency::tag).collect()
    }
}

impl From<Duration> for EntryOptions {
    fn from(ttl: Duration) -> Self {
        Self::new().ttl(ttl)
    }
}

impl From<Option<Duration>> for EntryOptions {
    fn from(ttl: Option<Duration>) -> Self {
        Self {
            ttl,
            ..Self::default()
        }
    }
}
