//! A call of a function of several ids, each with an entry of its own: look all up, compute the missing ones at once.
//!
//! The attribute writes the loop around the body: [`Gathering::next`] says what to compute, the body computes it,
//! and [`Gathering::settle`] takes what it returned.

mod gathering;
mod returned;

use cachestack_backends::{Dependency, Key, KeyError, KeyText};

use super::identity::Identity;
use super::probe::Mode;
use super::site::Site;
use super::tags::Tags;
use super::target::Target;
use crate::cache::Cache;
use crate::cache::batch::Asked;
use crate::cache::many::Ids;
use crate::events::{Origin, Outcome, tell_without_cache};

pub use self::gathering::{Gathering, Keeping, Step, gather, keeping};
pub use self::returned::{Failing, Gathers, Mapped, Ordered, Sorted};

/// What a call of several ids is known by.
#[derive(Debug)]
pub struct Each<'a> {
    site: &'static Site,
    identity: Identity,
    shares_key: bool,
    target: Target<'a>,
    mode: Mode,
}

impl<'a> Each<'a> {
    /// A call of that function.
    pub fn new(site: &'static Site, identity: Identity, target: Target<'a>) -> Self {
        Self {
            site,
            identity,
            shares_key: false,
            target,
            mode: Mode::LookUp,
        }
    }

    /// The key is written by hand: whoever writes the same shares the entry.
    #[must_use]
    pub fn shares_key(mut self) -> Self {
        self.shares_key = true;
        self
    }

    /// Computes without the cache, if so.
    #[must_use]
    pub fn bypass(mut self, wanted: bool) -> Self {
        self.mode = self.mode.bypass(wanted);
        self
    }

    /// Computes and stores whatever is there, if so, and unless the cache is bypassed.
    #[must_use]
    pub fn refresh(mut self, wanted: bool) -> Self {
        self.mode = self.mode.refresh(wanted);
        self
    }

    /// Writes the keys.
    pub fn begin<K: Clone>(
        self,
        ids: &[K],
        key_of: impl Fn(&K) -> Result<KeyText, KeyError>,
        tags: impl Fn(&K, &mut Tags),
    ) -> Begun<K> {
        let instance = self.site.meet(|| self.identity, self.shares_key);
        let origin = Origin {
            identity: Some(&instance.identity),
            counters: &self.site.counters,
        };
        let Some(cache) = self.target.cache() else {
            ids.iter().for_each(|_| tell_without_cache(origin));
            return Begun::plain(origin);
        };
        let plain = |outcome| {
            ids.iter()
                .for_each(|_| cache.tell(Some(origin), outcome, None));
            Begun::plain(origin)
        };
        if self.mode == Mode::Bypass {
            return plain(Outcome::Bypassed);
        }
        if !instance.owns {
            return plain(Outcome::Uncached);
        }
        // What a key begins with, where nobody else writes the same.
        let head = (!self.shares_key).then_some(&instance.identity);
        let key_of = |id: &K| Ok(cache.key(whole(head, &key_of(id)?)));
        let (ids, asked) = match written(&instance.dependency, ids, key_of, tags) {
            Ok(written) => written,
            Err(error) => {
                tracing::warn!(target: "cachestack", %error, "a key or tag could not be written, the function computes");
                return plain(Outcome::Uncached);
            }
        };
        let new = self.mode == Mode::Refresh;
        if new {
            let refreshed = asked.iter();
            refreshed
                .for_each(|it| cache.tell(Some(origin), Outcome::Refreshed, Some(it.key.text())));
        }
        Begun {
            origin,
            place: Some(cache),
            head,
            ids,
            asked,
            new,
        }
    }
}

/// The ids with their keys and what each is invalidated by: the function, and its tags.
fn written<K: Clone>(
    function: &Dependency,
    ids: &[K],
    key_of: impl Fn(&K) -> Result<Key, KeyError>,
    tags: impl Fn(&K, &mut Tags),
) -> Result<(Ids<K>, Vec<Asked>), cachestack_backends::Error> {
    let keys: Result<Vec<Key>, KeyError> = ids.iter().map(key_of).collect();
    let mut keys = keys.map_err(super::entry::unwritten)?.into_iter();
    let (ids, keys) = Ids::new(ids.iter().cloned(), |_| match keys.next() {
        Some(key) => key,
        None => unreachable!("each id has a key"),
    });
    let named = ids.named(&(0..keys.len()).collect::<Vec<_>>());
    let asked = keys.into_iter().zip(&named).map(|(key, id)| {
        let mut on = vec![function.clone()];
        on.extend(Tags::of(|all| tags(id, all)).complete()?);
        Ok(Asked { key, on })
    });
    let asked: Result<Vec<Asked>, cachestack_backends::Error> = asked.collect();
    Ok((ids, asked?))
}

/// The text of a key, of which this was written.
fn whole(head: Option<&Identity>, written: &KeyText) -> String {
    match head {
        Some(head) => head.text_with(written.as_str()),
        None => written.as_str().to_owned(),
    }
}

/// A call of several ids with its keys.
#[derive(Debug)]
pub struct Begun<K> {
    origin: Origin,
    /// None where the cache takes no part.
    place: Option<Cache>,
    /// What all keys begin with.
    head: Option<&'static Identity>,
    ids: Ids<K>,
    asked: Vec<Asked>,
    new: bool,
}

impl<K: Clone> Begun<K> {
    fn plain(origin: Origin) -> Self {
        Self {
            origin,
            place: None,
            head: None,
            ids: Ids::empty(),
            asked: Vec::new(),
            new: false,
        }
    }
}

/// An argument by value, for one more call of the body.
#[inline]
pub fn again<T: Again>(argument: &T) -> T {
    argument.clone()
}

/// An argument that a body which computes several ids can be called with again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Clone`, and the body is called again with ids that another call was to compute and did not",
    label = "this argument can be given only once",
    note = "take it by reference, or derive `Clone` on `{Self}`"
)]
pub trait Again: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> Again for T {}
