//! What a call is known by, and the look at the layers that answer at once.

use std::sync::Arc;

use cachestack_backends::{AnyValue, Dependency, Key, KeyError, KeyText, Result as StackResult};

use super::entry::unwritten;
use super::form::FormOf;
use super::identity::Identity;
use super::shape::Shape;
use super::share::Share;
use super::site::Site;
use super::target::Target;
use crate::cache::Cache;

/// What a call is known by.
#[derive(Debug)]
pub struct Call<'a> {
    pub(super) site: &'static Site,
    pub(super) identity: Identity,
    /// Another function may have the same key.
    shares_key: bool,
    pub(super) target: Target<'a>,
    pub(super) key: Result<KeyText, KeyError>,
    mode: Mode,
}

/// What a call wants of its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    LookUp,
    /// Neither read nor write.
    Bypass,
    /// Write, whatever is there.
    Refresh,
}

impl Mode {
    #[inline]
    pub(super) fn bypass(self, wanted: bool) -> Self {
        match wanted {
            true => Self::Bypass,
            false => self,
        }
    }

    #[inline]
    pub(super) fn refresh(self, wanted: bool) -> Self {
        match (self, wanted) {
            (Self::LookUp, true) => Self::Refresh,
            (mode, _) => mode,
        }
    }
}

impl<'a> Call<'a> {
    /// A call with that key, which begins with the identity.
    #[inline]
    pub fn new(
        site: &'static Site,
        identity: Identity,
        target: Target<'a>,
        key: Result<KeyText, KeyError>,
    ) -> Self {
        Self {
            site,
            identity,
            shares_key: false,
            target,
            key,
            mode: Mode::LookUp,
        }
    }

    /// The key is written by hand: whoever writes the same shares the entry.
    #[inline]
    #[must_use]
    pub fn shares_key(mut self) -> Self {
        self.shares_key = true;
        self
    }

    /// Whether the key is the function's to use.
    #[inline]
    pub(super) fn owns_key(&self) -> bool {
        self.site.owns(&self.identity, self.shares_key)
    }

    /// Computes without the cache, if so.
    #[inline]
    #[must_use]
    pub fn bypass(mut self, wanted: bool) -> Self {
        self.mode = self.mode.bypass(wanted);
        self
    }

    /// Computes and stores whatever is there, if so, and unless the cache is bypassed.
    #[inline]
    #[must_use]
    pub fn refresh(mut self, wanted: bool) -> Self {
        self.mode = self.mode.refresh(wanted);
        self
    }

    /// Looks where nobody has to wait. Takes the call, so that an async caller does not carry its key through
    /// what follows.
    #[inline]
    pub fn probe<R, S, H>(self, _: S, form: FormOf<R, S>, share: &H) -> Probed<S::Value>
    where
        S: Shape<R>,
        H: Share<R>,
    {
        let site = self.site;
        let found = self.target.with(|cache| {
            let Some(cache) = cache else {
                site.counters.uncached.one_more();
                return Found::Uncached;
            };
            let (Mode::LookUp, Ok(text)) = (self.mode, &self.key) else {
                return self.apart(cache);
            };
            if !self.owns_key() {
                return self.uncached(cache);
            }
            let digest = cache.namespace().digest(text.as_bytes());
            let found = cache.peek(digest, form.value_type);
            if let Some(value) = found.as_ref().and_then(|entry| (form.load)(entry.any())) {
                site.counters.hits.one_more();
                return Found::Hit(value);
            }
            if let (true, Some(error_type)) = (share.keeps(), share.error_type()) {
                if let Some(entry) = cache.peek(digest, error_type) {
                    site.counters.hits.one_more();
                    return Found::Failed(Arc::clone(entry.any()));
                }
            }
            Found::Miss(
                cache.clone(),
                Key::with_digest(cache.namespace(), text.as_str(), digest),
            )
        });
        let mut tags = Tags::none();
        if let Found::Miss(..) | Found::Refresh(..) = &found {
            tags.on.push(self.identity.dependency());
        }
        Probed { site, tags, found }
    }

    /// What is not looked up.
    #[cold]
    fn apart<V>(&self, cache: &Cache) -> Found<V> {
        match (self.mode, &self.key) {
            (Mode::Bypass, _) => {
                self.site.counters.bypassed.one_more();
                Found::Uncached
            }
            (Mode::Refresh, Ok(text)) if self.owns_key() => {
                self.site.counters.refreshed.one_more();
                Found::Refresh(cache.clone(), cache.key(text.as_str()))
            }
            _ => self.uncached(cache),
        }
    }

    #[cold]
    fn uncached<V>(&self, cache: &Cache) -> Found<V> {
        cache.count_uncached();
        self.site.counters.uncached.one_more();
        if let Err(error) = &self.key {
            tracing::warn!(target: "cachestack", %error, "a key could not be written, the function computes");
        }
        Found::Uncached
    }
}

/// What a look at the layers that answer at once came to.
#[derive(Debug)]
pub struct Probed<V> {
    pub(super) site: &'static Site,
    pub(super) tags: Tags,
    pub(super) found: Found<V>,
}

impl<V> Probed<V> {
    /// The tags of what is stored, which are made only when something may be.
    #[inline]
    #[must_use]
    pub fn tags(self, tags: impl FnOnce(&mut Tags)) -> Self {
        match &self.found {
            Found::Miss(..) | Found::Refresh(..) => self.with(Tags::of(tags)),
            _ => self,
        }
    }

    fn with(mut self, tags: Tags) -> Self {
        if let (Some(error), Found::Miss(cache, _) | Found::Refresh(cache, _)) =
            (&tags.unwritten, &self.found)
        {
            // Stored without one of its tags, the value would outlive an invalidation.
            tracing::warn!(target: "cachestack", %error, "a tag could not be written, the function computes");
            cache.count_uncached();
            self.site.counters.uncached.one_more();
            self.found = Found::Uncached;
        }
        self.tags.on.extend(tags.on);
        self
    }
}

/// What an entry to be can be invalidated by, beside its key.
#[derive(Debug, Default)]
pub struct Tags {
    pub(super) on: Vec<Dependency>,
    unwritten: Option<KeyError>,
}

impl Tags {
    /// None.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            on: Vec::new(),
            unwritten: None,
        }
    }

    /// Those that are added.
    #[must_use]
    pub fn of(add: impl FnOnce(&mut Self)) -> Self {
        let mut tags = Self::none();
        add(&mut tags);
        tags
    }

    /// All of them, when they could be written.
    pub(super) fn complete(self) -> StackResult<Vec<Dependency>> {
        match self.unwritten {
            None => Ok(self.on),
            Some(error) => Err(unwritten(error)),
        }
    }

    /// One more.
    pub fn add(&mut self, tag: Result<KeyText, KeyError>) {
        match tag {
            Ok(tag) => self.on.push(Dependency::tag(tag.as_str())),
            Err(error) => self.unwritten = Some(error),
        }
    }
}

#[derive(Debug)]
pub(super) enum Found<V> {
    Hit(V),
    /// A failure that is kept.
    Failed(AnyValue),
    Miss(Cache, Key),
    Refresh(Cache, Key),
    Uncached,
}
