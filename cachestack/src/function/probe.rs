//! What a call is known by, and the look at the layers that answer at once.

use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{AnyValue, Dependency, Entry, KeyError, KeyText, Result as StackResult};

use super::at_hand::at_hand;
use super::entry::unwritten;
use super::form::FormOf;
use super::identity::Identity;
use super::missed::Missed;
use super::shape::Shape;
use super::share::Share;
use super::site::{Instance, Site};
use super::target::Target;
use super::text::{CallKey, Text};
use crate::cache::{Age, Cache, Freshness, Policy, Wish};
use crate::events::{Origin, Outcome, tell_without_cache};
use crate::front::Recalled;

/// What a call is known by.
#[derive(Debug)]
pub struct Call<'a> {
    pub(super) site: &'static Site,
    pub(super) identity: Identity,
    pub(super) target: Target<'a>,
    pub(super) key: CallKey<'a>,
    mode: Mode,
    pub(super) freshness: Option<&'a Freshness>,
}

/// What a call wants of its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    LookUp,
    /// Neither read nor write.
    Bypass,
    /// Write, whatever is there.
    Refresh,
    /// Put something fresh in the place of what is stale.
    Renew,
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
    /// A call with that key.
    #[inline]
    pub fn new(
        site: &'static Site,
        identity: Identity,
        target: Target<'a>,
        key: CallKey<'a>,
    ) -> Self {
        Self {
            site,
            identity,
            target,
            key,
            mode: Mode::LookUp,
            freshness: None,
        }
    }

    /// Whether the key is the function's to use.
    pub(super) fn owns_key(&self) -> bool {
        self.meet().owns
    }

    #[inline]
    pub(super) fn meet(&self) -> &'static Instance {
        self.site.meet(|| self.identity, self.key.is_shared())
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

    /// How old a value may be.
    #[inline]
    #[must_use]
    pub fn freshness(mut self, freshness: &'a Freshness) -> Self {
        self.freshness = Some(freshness);
        self
    }

    /// It is a computation in the background: nobody waits for it.
    #[must_use]
    pub fn renew(mut self) -> Self {
        self.mode = Mode::Renew;
        self
    }

    /// Looks where nobody has to wait. Takes the call, so that an async caller does not carry its key through
    /// what follows.
    #[inline]
    pub fn probe<R, S, H>(self, shape: S, form: FormOf<R, S>, share: &H) -> Probed<S::Value>
    where
        S: Shape<R>,
        H: Share<R>,
    {
        let recalled = match self.mode {
            Mode::LookUp => at_hand::<R, S>(
                (self.site, || self.identity, false),
                self.target,
                (self.key.in_short(), self.key.is_shared()),
                || self.key,
                shape,
                form,
            ),
            _ => Recalled::Rests,
        };
        match recalled {
            Recalled::Hit(value) => Probed(Found::Hit(value)),
            Recalled::Missed => self.probe_store(shape, form, share, true),
            Recalled::Rests => self.probe_store(shape, form, share, false),
        }
    }

    /// The same where it is known already that the thread has nothing at hand.
    #[inline]
    pub fn probe_further<R, S, H>(
        self,
        at_hand: &Recalled<S::Value>,
        shape: S,
        form: FormOf<R, S>,
        share: &H,
    ) -> Probed<S::Value>
    where
        S: Shape<R>,
        H: Share<R>,
    {
        let is_wanted = matches!(at_hand, Recalled::Missed);
        self.probe_store(shape, form, share, is_wanted)
    }

    fn origin(&self, instance: &'static Instance) -> Origin {
        Origin {
            identity: Some(&instance.identity),
            counters: &self.site.counters,
        }
    }

    /// The same where the thread has nothing at hand; what is found is to be so from now on, if that is wanted.
    #[inline(never)]
    fn probe_store<R, S, H>(
        &self,
        _: S,
        form: FormOf<R, S>,
        share: &H,
        to_hand: bool,
    ) -> Probed<S::Value>
    where
        S: Shape<R>,
        H: Share<R>,
    {
        let instance = self.meet();
        let origin = self.origin(instance);
        let found = self.target.with(|cache| {
            let Some(cache) = cache else {
                tell_without_cache(origin);
                return Found::Uncached(None);
            };
            let mut writer = self.key.writer();
            let text = self.key.write(instance, &mut writer);
            let (Mode::LookUp, Ok(text), true) = (self.mode, &text, instance.owns) else {
                return self.apart(cache, instance, origin, text);
            };
            look::<R, S, H>(origin, cache, self.freshness, (text, to_hand), form, share)
        });
        let mut probed = Probed(found);
        match &mut probed.0 {
            Found::Miss(missed) | Found::Aged(_, missed) => {
                missed.on.push(instance.dependency.clone());
            }
            Found::Uncached(bound) => {
                let time = self.freshness.and_then(|it| it.hard_timeout);
                *bound = time.map(|time| Box::new(Bound { origin, time }));
            }
            Found::Hit(_) | Found::Failed(_) => {}
        }
        probed
    }

    /// What is not looked up.
    #[cold]
    fn apart<V>(
        &self,
        cache: &Cache,
        instance: &'static Instance,
        origin: Origin,
        text: Result<Text<'_>, KeyError>,
    ) -> Found<V> {
        let owns = instance.owns;
        let (text, error) = match text {
            Ok(text) => (Some(text.to_text()), None),
            Err(error) => (None, Some(error)),
        };
        let missed = |text: &String, wish| {
            let (key, policy) = (cache.key(text), cache.policy(self.freshness));
            Found::Miss(Box::new(Missed::new(origin, cache, key, wish, policy)))
        };
        let (outcome, found) = match (self.mode, &text) {
            (Mode::Bypass, _) => (Outcome::Bypassed, Found::Uncached(None)),
            (Mode::Renew, Some(text)) if owns => return missed(text, Wish::Newer),
            (Mode::Refresh, Some(text)) if owns => (Outcome::Refreshed, missed(text, Wish::New)),
            _ => (Outcome::Uncached, Found::Uncached(None)),
        };
        if let (Outcome::Uncached, Some(error)) = (outcome, error) {
            tracing::warn!(target: "cachestack", %error, "a key could not be written, the function computes");
        }
        cache.tell(Some(origin), outcome, text.as_deref());
        found
    }
}

/// Looks a key up in the layers that answer at once.
pub(super) fn look<R, S, H>(
    origin: Origin,
    cache: &Cache,
    freshness: Option<&Freshness>,
    (text, to_hand): (&Text<'_>, bool),
    form: FormOf<R, S>,
    share: &H,
) -> Found<S::Value>
where
    S: Shape<R>,
    H: Share<R>,
{
    let digest = text.digest(cache.namespace());
    let hit = || {
        origin.counters.hit_on_top();
        cache.hit_on_top(origin.identity, || text.to_text());
    };
    let mut place = to_hand.then(|| text.place());
    if place == Some(None) {
        // What has a long text is known by its digest.
        let by_digest = text.place_by(digest);
        match form.recall(cache, &by_digest, origin.counters.hits_on_top()) {
            Recalled::Hit(value) => {
                cache.hit_on_top(origin.identity, || text.to_text());
                return Found::Hit(value);
            }
            Recalled::Missed => place = Some(Some(by_digest)),
            Recalled::Rests => {}
        }
    }
    let mark = place.flatten().zip(cache.stack().changes());
    let mark = mark.map(|(place, changes)| (place, changes.mark(digest)));
    let missed = |wish, policy| {
        let key = text.key(cache.namespace(), digest);
        Box::new(Missed::new(origin, cache, key, wish, policy))
    };
    if let Some(entry) = cache.peek(digest, form.value_type) {
        if let Some(value) = (form.load)(entry.any()) {
            let mut until = entry.expires_at();
            // Most entries are fresh all their life, and need no clock.
            if entry.fresh_until_moment().is_some() {
                let policy = cache.resolved(freshness);
                let age = cache.age(&entry, &policy);
                if age != Age::Fresh {
                    return aged(cache, &entry, value, age, policy, missed);
                }
                until = policy.due(&entry).into_iter().chain(until).min();
            }
            if let Some((place, mark)) = mark {
                (form.remember)(cache, &place, mark, &entry, until);
            }
            hit();
            return Found::Hit(value);
        }
    }
    if let (true, Some(error_type)) = (share.keeps(), share.error_type()) {
        if let Some(entry) = cache.peek(digest, error_type) {
            hit();
            return Found::Failed(Arc::clone(entry.any()));
        }
    }
    Found::Miss(missed(Wish::Value, cache.policy(freshness)))
}

/// What an entry that is not fresh any more, or not for long, is to a call.
#[cold]
fn aged<V>(
    cache: &Cache,
    entry: &Entry,
    value: V,
    age: Age,
    policy: Policy,
    missed: impl FnOnce(Wish, Option<Arc<Policy>>) -> Box<Missed>,
) -> Found<V> {
    let wish = match age {
        Age::Due | Age::Stale => Wish::Turn,
        _ => Wish::Value,
    };
    let mut missed = missed(wish, Some(Arc::new(policy)));
    missed.age = age;
    if age == Age::Ended {
        return Found::Miss(missed);
    }
    if cache.holds_off(missed.key.digest()) {
        missed.tell_served(Some(0));
        return Found::Hit(value);
    }
    missed.old = Some(Arc::clone(entry.any()));
    match wish {
        Wish::Turn => Found::Aged(value, missed),
        _ => Found::Miss(missed),
    }
}

/// What a look at the layers that answer at once came to.
#[derive(Debug)]
pub struct Probed<V>(pub(super) Found<V>);

impl<V> Probed<V> {
    /// A value that the thread has at hand.
    #[inline]
    pub fn of(value: V) -> Self {
        Self(Found::Hit(value))
    }

    /// What the function returns, where that is known.
    ///
    /// # Errors
    /// The probe itself, where it is not.
    #[inline]
    pub fn hit<R, S: Shape<R, Value = V>>(self, _: S) -> Result<R, Self> {
        match self.0 {
            Found::Hit(value) => Ok(S::wrap(value)),
            found => Err(Self(found)),
        }
    }

    /// The tags of what is stored, which are made only when something may be.
    #[inline]
    #[must_use]
    pub fn tags(self, tags: impl FnOnce(&mut Tags)) -> Self {
        match &self.0 {
            Found::Miss(_) | Found::Aged(..) => self.with(Tags::of(tags)),
            _ => self,
        }
    }

    fn with(mut self, tags: Tags) -> Self {
        let (Found::Miss(missed) | Found::Aged(_, missed)) = &mut self.0 else {
            return self;
        };
        match tags.unwritten {
            None => missed.on.extend(tags.on),
            Some(error) => {
                // Stored without one of its tags, the value would outlive an invalidation.
                tracing::warn!(target: "cachestack", %error, "a tag could not be written, the function computes");
                let key = Some(missed.key.text());
                missed
                    .cache
                    .tell(Some(missed.origin), Outcome::Uncached, key);
                self.0 = Found::Uncached(None);
            }
        }
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
    Miss(Box<Missed>),
    /// It may be served, and is to be computed anew.
    Aged(V, Box<Missed>),
    /// No cache takes part; what the function says itself of how long it takes.
    Uncached(Option<Box<Bound>>),
}

/// How long a call takes at most that no cache takes part in.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) origin: Origin,
    pub(super) time: Duration,
}
