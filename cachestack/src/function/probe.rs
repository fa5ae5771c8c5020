//! What a call is known by, and what it does where nobody has to wait.

use cachestack_backends::KeyError;

use super::at_hand::at_hand;
use super::form::FormOf;
use super::identity::Identity;
use super::look::{Bound, Found, Probed, look};
use super::missed::Missed;
use super::shape::Shape;
use super::share::Share;
use super::site::{Instance, Site};
use super::target::Target;
use super::text::{CallKey, Text};
use crate::cache::{Cache, Freshness, Wish};
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
