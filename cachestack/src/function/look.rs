//! The look at the layers that answer at once, and what it comes to.

use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::{AnyValue, Entry};

use super::form::FormOf;
use super::missed::Missed;
use super::shape::Shape;
use super::share::Share;
use super::tags::Tags;
use super::text::Text;
use crate::cache::{Age, Cache, Freshness, Policy, Wish};
use crate::events::{Origin, Outcome};
use crate::front::Recalled;

/// Looks a key up in the layers that answer at once.
#[inline]
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
