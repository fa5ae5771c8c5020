//! The look at what the thread has at hand, before anything of a call is made.

use super::form::FormOf;
use super::identity::Identity;
use super::shape::Shape;
use super::site::{Instance, Site};
use super::target::{Held, Target};
use super::text::CallKey;
use crate::cache::Cache;
use crate::front::{Place, Recalled, SHORT, Spot};

/// What this thread has at hand for a call. Nothing of the call is made for it but what it looks for.
///
/// `is_one` says that there is no other instance of the function.
#[inline(always)]
pub fn at_hand<'k, R, S: Shape<R>>(
    (site, identity, is_one): (&'static Site, impl Fn() -> Identity, bool),
    target: Target<'_>,
    (in_short, is_shared): (Option<[u64; SHORT]>, bool),
    key: impl FnOnce() -> CallKey<'k>,
    _: S,
    form: FormOf<R, S>,
) -> Recalled<S::Value> {
    let instance = match is_one {
        true => site.meet_one(identity, is_shared),
        false => site.meet(identity, is_shared),
    };
    if !instance.owns {
        return Recalled::Missed;
    }
    let Some([a, b, c]) = in_short else {
        return by_more::<R, S>(target, (site, instance), key(), form);
    };
    match target.at_once() {
        Some(cache) => {
            let place = Place::Short(Spot::of(instance.number, [a, b, c]));
            of_cache::<R, S>(cache, (site, instance), &place, key, form)
        }
        None => {
            let place = Place::Short(Spot::of(instance.number, [a, b, c]));
            of_held_cache::<R, S>(target, (site, instance), &place, key, form)
        }
    }
}

/// The same of a key that is not as short.
#[inline(never)]
fn by_more<R, S: Shape<R>>(
    target: Target<'_>,
    called: (&'static Site, &'static Instance),
    key: CallKey<'_>,
    form: FormOf<R, S>,
) -> Recalled<S::Value> {
    match key.in_long() {
        Some(words) => {
            let place = Place::Long(Spot::of(called.1.number, words));
            match target.at_once() {
                Some(cache) => of_cache::<R, S>(cache, called, &place, || key, form),
                None => of_held_cache::<R, S>(target, called, &place, || key, form),
            }
        }
        // It is looked for by its digest.
        None => Recalled::Missed,
    }
}

/// The same where the cache has to be held, or made.
#[inline(never)]
fn of_held_cache<'k, R, S: Shape<R>>(
    target: Target<'_>,
    called: (&'static Site, &'static Instance),
    place: &Place,
    key: impl FnOnce() -> CallKey<'k>,
    form: FormOf<R, S>,
) -> Recalled<S::Value> {
    let mut held = Held::default();
    match target.lend(&mut held) {
        Some(cache) => of_cache::<R, S>(cache, called, place, key, form),
        None => Recalled::Rests,
    }
}

#[inline(always)]
fn of_cache<'k, R, S: Shape<R>>(
    cache: &Cache,
    called: (&'static Site, &'static Instance),
    place: &Place,
    key: impl FnOnce() -> CallKey<'k>,
    form: FormOf<R, S>,
) -> Recalled<S::Value> {
    // Asked first: after the look there is nothing left to do in most programs, and nothing to keep for it.
    match cache.may_be_heard() {
        true => of_heard_cache::<R, S>(cache, called, *place, key, form),
        false => form.recall(cache, place, called.0.counters.hits_on_top()),
    }
}

/// The same, and tells of a hit.
#[inline(never)]
fn of_heard_cache<'k, R, S: Shape<R>>(
    cache: &Cache,
    (site, instance): (&'static Site, &'static Instance),
    place: Place,
    key: impl FnOnce() -> CallKey<'k>,
    form: FormOf<R, S>,
) -> Recalled<S::Value> {
    let recalled = form.recall(cache, &place, site.counters.hits_on_top());
    if let Recalled::Hit(_) = recalled {
        cache.hit_on_top(Some(&instance.identity), || key().to_text(instance));
    }
    recalled
}
