//! What a mutation does beside its body: entries are deleted, and its result may be stored.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{Dependency, Key, KeyError, KeyText, Result};
use smallvec::{SmallVec, smallvec};

use super::entry::{CachedEntry, place, text};
use super::shape::Shape;
use super::target::Target;
use crate::cache::{Cache, changes};

/// What a mutation makes wrong. Its name is written before the body runs, which may move the arguments.
#[derive(Debug)]
pub enum Doomed {
    /// One entry.
    Entry(Result<(Cache, Key)>),
    /// All entries of a function, or with a tag.
    Many(Result<(Cache, Dependency)>),
}

impl Doomed {
    /// The entry under a key that is written out.
    pub fn key(target: Target<'_>, key: Result<KeyText, KeyError>) -> Self {
        Self::Entry(place(target.cache(), key.map(KeyText::into_string)))
    }

    /// The entries under keys that are listed.
    pub fn keys<K: AsRef<str>>(target: Target<'_>, keys: impl IntoIterator<Item = K>) -> Vec<Self> {
        let cache = target.cache();
        let keys = keys.into_iter();
        keys.map(|key| Self::Entry(super::entry::place_of(cache.clone(), key.as_ref())))
            .collect()
    }

    /// The entries with a tag.
    pub fn tag(target: Target<'_>, tag: Result<KeyText, KeyError>) -> Self {
        let place = text(target.cache(), tag.map(KeyText::into_string));
        Self::Many(place.map(|(cache, tag)| (cache, Dependency::tag(tag))))
    }
}

/// A value that a mutation stores.
pub struct Put {
    cache: Option<Cache>,
    store: Box<dyn FnOnce(Option<u64>) -> Storing + Send>,
}

impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put").finish_non_exhaustive()
    }
}

/// What storing comes to.
type Storing = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Stores a value in the entry, unless its cache was changed in a way that the mutation does not know of.
pub fn put<V: Clone + Send + Sync + 'static>(entry: CachedEntry<V>, value: &V) -> Put {
    let value = value.clone();
    Put {
        cache: entry.cache().cloned(),
        store: Box::new(move |known| {
            let cache = entry.cache().cloned();
            let begun = move || cache.map(|cache| cache.changes_begun());
            Box::pin(async move { entry.put_unless(value, || begun() != known).await })
        }),
    }
}

/// An argument as it was before the body.
#[inline]
pub fn remember<T: Remembered>(argument: &T) -> T {
    argument.clone()
}

/// An argument that is there after the body too.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is used by the body and after it, so it must be `Clone`",
    label = "not `Clone`",
    note = "derive `Clone` on it, or take what is needed from the result"
)]
pub trait Remembered: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> Remembered for T {}

/// When a mutation deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the body.
    Before,
    /// After the body, unless it failed.
    Success,
    /// After the body, whatever it returned.
    Always,
}

/// What is known only from the result.
#[derive(Default)]
pub struct After {
    doomed: Vec<Doomed>,
    put: Vec<Put>,
}

impl After {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more to delete.
    pub fn delete(&mut self, doomed: impl Into<Doomed>) {
        self.doomed.push(doomed.into());
    }

    /// One more to store.
    pub fn put(&mut self, put: Put) {
        self.put.push(put);
    }
}

impl fmt::Debug for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("After")
            .field("doomed", &self.doomed)
            .finish_non_exhaustive()
    }
}

/// Nothing is known only from the result.
#[inline]
pub fn nothing_after<V>(_: &V, _: &mut After) {}

/// What is doomed in one cache.
struct InCache {
    cache: Cache,
    keys: Vec<Key>,
    many: Vec<Dependency>,
}

/// How many deletions there were in each cache.
type Made = SmallVec<[(Cache, u64); 1]>;

/// Deletes what is doomed. Apart from its caller's future, unless it is one entry in memory.
async fn invalidate(doomed: Vec<Doomed>) -> Made {
    if let [Doomed::Entry(Ok((cache, key)))] = &doomed[..] {
        let deleted = match cache.delete_key_now(key) {
            Some(deleted) => deleted,
            None => Box::pin(cache.delete_key(key)).await,
        };
        if let Err(error) = deleted {
            cache.invalidates_late(&error);
        }
        return smallvec![(cache.clone(), 1)];
    }
    match doomed.is_empty() {
        true => Made::new(),
        false => Box::pin(invalidate_all(doomed)).await,
    }
}

/// In a cache with one deletion of entries and one of what many depend on. They begin together: once begun, all are made
/// even when the caller's future is dropped.
async fn invalidate_all(doomed: Vec<Doomed>) -> Made {
    let mut caches: Vec<InCache> = Vec::new();
    let mut of = |cache: Cache, change: &mut dyn FnMut(&mut InCache)| {
        let known = caches.iter().position(|known| known.cache.is(&cache));
        let index = known.unwrap_or_else(|| {
            let (keys, many) = (Vec::new(), Vec::new());
            caches.push(InCache { cache, keys, many });
            caches.len() - 1
        });
        change(&mut caches[index]);
    };
    for doomed in doomed {
        match doomed {
            Doomed::Entry(Ok((cache, key))) => of(cache, &mut |it| it.keys.push(key.clone())),
            Doomed::Many(Ok((cache, many))) => of(cache, &mut |it| it.many.push(many.clone())),
            Doomed::Entry(Err(error)) | Doomed::Many(Err(error)) => {
                tracing::error!(target: "cachestack", %error, "what is to be invalidated has no name");
            }
        }
    }
    let mut all: Vec<Pin<Box<dyn Future<Output = ()> + Send>>> = Vec::new();
    let mut begun = Made::new();
    for InCache { cache, keys, many } in caches {
        let count = u64::from(!many.is_empty()) + u64::from(!keys.is_empty());
        begun.push((cache.clone(), count));
        if !many.is_empty() {
            let cache = cache.clone();
            all.push(Box::pin(async move {
                if let Err(error) = cache.invalidate_all_on(&many).await {
                    cache.invalidates_late(&error);
                }
            }));
        }
        if !keys.is_empty() {
            all.push(Box::pin(async move {
                if let Err(error) = cache.delete_keys(&keys).await {
                    cache.invalidates_late(&error);
                }
            }));
        }
    }
    poll_fn(|context| {
        all.retain_mut(|deletion| deletion.as_mut().poll(context).is_pending());
        match all.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    begun
}

/// Deletes, and then stores what the mutation says. A store that fails costs a computation later.
///
/// What others change after the mutation began, at `moment`, may be newer than what it stores.
async fn delete_and_store(doomed: Vec<Doomed>, put: Vec<Put>, moment: u64) {
    let put: Vec<(Put, Option<u64>)> = put
        .into_iter()
        .map(|put| {
            let cache = put.cache.as_ref();
            let unchanged = cache.and_then(|cache| cache.unchanged_since(moment));
            (put, unchanged)
        })
        .collect();
    let own = invalidate(doomed).await;
    for (Put { cache, store }, unchanged) in put {
        let of = |known: &Cache| cache.as_ref().is_some_and(|cache| cache.is(known));
        let own = own.iter().find(|(known, _)| of(known));
        let known = unchanged.map(|begun| begun + own.map_or(0, |(_, count)| *count));
        if let Err(error) = store(known).await {
            match cache {
                Some(cache) => cache.put_failed(&error),
                None => {
                    tracing::warn!(target: "cachestack", %error, "what is to be put has no cache")
                }
            }
        }
    }
}

/// What follows a body.
fn follows<R, S: Shape<R>>(
    when: When,
    doomed: Vec<Doomed>,
    returned: &R,
    condition: impl FnOnce(&S::Value) -> bool,
    after: impl FnOnce(&S::Value, &mut After),
) -> After {
    let mut all = After {
        doomed,
        put: Vec::new(),
    };
    match S::value(returned) {
        Some(value) if condition(value) => after(value, &mut all),
        None if when == When::Always => {}
        _ => all.doomed.clear(),
    }
    all
}

/// Runs an async mutation, and deletes what it makes wrong.
pub async fn invalidate_async<R, S: Shape<R>, F: Future<Output = R>>(
    (when, doomed): (When, Vec<Doomed>),
    _: S,
    condition: impl FnOnce(&S::Value) -> bool,
    after: impl FnOnce(&S::Value, &mut After),
    body: impl FnOnce() -> F,
) -> R {
    let mut later = doomed;
    if when == When::Before {
        invalidate(std::mem::take(&mut later)).await;
    }
    let moment = changes::now();
    let returned = body().await;
    let After { doomed, put } = follows::<R, S>(when, later, &returned, condition, after);
    delete_and_store(doomed, put, moment).await;
    returned
}

/// Runs a sync mutation, and deletes what it makes wrong.
pub fn invalidate_sync<R, S: Shape<R>>(
    (when, doomed): (When, Vec<Doomed>),
    _: S,
    condition: impl FnOnce(&S::Value) -> bool,
    after: impl FnOnce(&S::Value, &mut After),
    body: impl FnOnce() -> R,
) -> R {
    let mut later = doomed;
    if when == When::Before {
        block_on(invalidate(std::mem::take(&mut later)));
    }
    let moment = changes::now();
    let returned = body();
    let After { doomed, put } = follows::<R, S>(when, later, &returned, condition, after);
    if !(doomed.is_empty() && put.is_empty()) {
        block_on(delete_and_store(doomed, put, moment));
    }
    returned
}
