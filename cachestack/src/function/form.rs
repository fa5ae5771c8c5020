//! How a value is kept: itself or what is behind its `Arc`, in every store or in memory only.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use cachestack_backends::{AnyValue, CacheValue, Entry, Mark, Moment, Tally, ValueType};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::shape::{Fails, Plain, Shape, Tag};
use crate::cache::Cache;
use crate::front::{LONG, Place, Recalled, Spot, Unkept, unkept};

/// The value itself is kept, and cloned for each hit.
#[derive(Debug, Clone, Copy)]
pub struct Owned;

/// What is behind an `Arc` is kept, and shared with each hit.
#[derive(Debug, Clone, Copy)]
pub struct Behind;

/// Kept where the stack says.
#[derive(Debug, Clone, Copy)]
pub struct Anywhere;

/// Kept in memory only.
#[derive(Debug, Clone, Copy)]
pub struct Local;

/// The form of what a function returns.
pub type FormOf<R, S> = &'static Form<<S as Shape<R>>::Stored, <S as Shape<R>>::Value>;

/// How a store's `T` and the `V` that a function hands over go together.
pub struct Form<T, V> {
    pub(super) value_type: &'static ValueType,
    /// The same for a look-up to which absence is an answer.
    pub(super) maybe_type: &'static ValueType,
    /// The value of a hit.
    pub(super) load: fn(&AnyValue) -> Option<V>,
    /// The value that a thread has at hand.
    recall: Recall<V>,
    /// The same of what takes more numbers.
    recall_long: fn(&Cache, &Tally, &Spot<LONG>) -> Recalled<V>,
    /// Keeps a copy of an entry at hand that was read after the mark was taken, until that moment.
    pub(super) remember: fn(&Cache, &Place, Mark, &Entry, Option<Moment>),
    /// The value as it is kept.
    pub(super) keep: fn(V) -> Arc<T>,
    /// The same for stores.
    pub(super) erase: fn(Arc<T>) -> AnyValue,
    /// The value for its own caller, after it was stored.
    pub(super) release: fn(Arc<T>) -> V,
}

/// What gives the value that a thread has at hand at a place: of an instance of that number, by three numbers.
///
/// They are parameters because what is put together in memory has to be written there before it can be read.
type Recall<V> = fn(&Cache, &Tally, u32, u64, u64, u64) -> Recalled<V>;

impl<T, V> Form<T, V> {
    /// The value that a thread has at hand; a hit is counted.
    #[inline(always)]
    pub(super) fn recall(&self, cache: &Cache, place: &Place, hits: &Tally) -> Recalled<V> {
        match place {
            Place::Short(place) => {
                let (instance, [a, b, c]) = place.parts();
                (self.recall)(cache, hits, instance, a, b, c)
            }
            Place::Long(place) => (self.recall_long)(cache, hits, place),
        }
    }
}

impl<T, V> fmt::Debug for Form<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({})", self.value_type.name())
    }
}

/// A value that is kept behind an `Arc`, which every store can keep: it need not be `Clone`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached: it must be `Serialize + DeserializeOwned + Send + Sync + 'static`",
    label = "this value cannot be stored",
    note = "derive `serde::Serialize` and `serde::Deserialize` on `{Self}` and on what it contains; to keep it in \
            memory only, as it is, write `#[cached(local)]`"
)]
pub trait ArcValue: Serialize + DeserializeOwned + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> ArcValue for T {}

/// A value that memory can keep.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached, not even in memory: it must be `Clone + Send + Sync + 'static`",
    label = "this value cannot be kept",
    note = "derive `Clone` on `{Self}`, or return it behind an `Arc`; what is not `Send` and `Sync` cannot be shared \
            by threads"
)]
pub trait LocalValue: Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + Send + Sync + 'static> LocalValue for T {}

/// A value behind an `Arc` that memory can keep.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached, not even in memory: it must be `Send + Sync + 'static`",
    label = "this value cannot be kept",
    note = "what is not `Send` and `Sync` cannot be shared by threads"
)]
pub trait LocalArcValue: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> LocalArcValue for T {}

/// A shape whose value can be kept.
pub trait Keeps<R>: Shape<R> {
    /// How it is.
    fn form() -> FormOf<R, Self>;
}

/// How the value of a function is kept; fails to compile where it cannot be.
#[inline]
pub fn form_of<R, S: Keeps<R>>(_: S, _: &Tag<R>) -> FormOf<R, S> {
    S::form()
}

impl<T: CacheValue> Keeps<T> for Plain<Owned, Anywhere> {
    #[inline]
    fn form() -> &'static Form<T, T> {
        const { &Form::owned(ValueType::of::<T>(), ValueType::maybe::<T>()) }
    }
}

impl<T: CacheValue, E> Keeps<Result<T, E>> for Fails<Owned, Anywhere> {
    #[inline]
    fn form() -> &'static Form<T, T> {
        const { &Form::owned(ValueType::of::<T>(), ValueType::maybe::<T>()) }
    }
}

impl<T: LocalValue> Keeps<T> for Plain<Owned, Local> {
    #[inline]
    fn form() -> &'static Form<T, T> {
        const { &Form::owned(ValueType::local::<T>(), ValueType::local_maybe::<T>()) }
    }
}

impl<T: LocalValue, E> Keeps<Result<T, E>> for Fails<Owned, Local> {
    #[inline]
    fn form() -> &'static Form<T, T> {
        const { &Form::owned(ValueType::local::<T>(), ValueType::local_maybe::<T>()) }
    }
}

impl<T: ArcValue> Keeps<Arc<T>> for Plain<Behind, Anywhere> {
    #[inline]
    fn form() -> &'static Form<T, Arc<T>> {
        const { &Form::behind(ValueType::of::<T>(), ValueType::maybe::<T>()) }
    }
}

impl<T: ArcValue, E> Keeps<Result<Arc<T>, E>> for Fails<Behind, Anywhere> {
    #[inline]
    fn form() -> &'static Form<T, Arc<T>> {
        const { &Form::behind(ValueType::of::<T>(), ValueType::maybe::<T>()) }
    }
}

impl<T: LocalArcValue> Keeps<Arc<T>> for Plain<Behind, Local> {
    #[inline]
    fn form() -> &'static Form<T, Arc<T>> {
        const { &Form::behind(ValueType::local::<T>(), ValueType::local_maybe::<T>()) }
    }
}

impl<T: LocalArcValue, E> Keeps<Result<Arc<T>, E>> for Fails<Behind, Local> {
    #[inline]
    fn form() -> &'static Form<T, Arc<T>> {
        const { &Form::behind(ValueType::local::<T>(), ValueType::local_maybe::<T>()) }
    }
}

impl<T: Any + Clone + Send + Sync> Form<T, T> {
    const fn owned(value_type: &'static ValueType, maybe_type: &'static ValueType) -> Self {
        Self {
            value_type,
            maybe_type,
            load: cloned,
            recall: match (is_plain::<T>(), is_small::<T>()) {
                (true, _) => recall_copy,
                (_, true) => recall_cloned,
                _ => recall_nothing,
            },
            recall_long: match (is_plain::<T>(), is_small::<T>()) {
                (true, _) => recall_long_copy,
                (_, true) => recall_long_cloned,
                _ => |_, _, _| Recalled::Rests,
            },
            remember: match (is_plain::<T>(), is_small::<T>()) {
                (true, _) => remember_copy::<T>,
                (_, true) => remember_pointer,
                _ => remember_nothing,
            },
            keep: Arc::new,
            erase: erased,
            release: Arc::unwrap_or_clone,
        }
    }
}

impl<T: Any + Send + Sync> Form<T, Arc<T>> {
    const fn behind(value_type: &'static ValueType, maybe_type: &'static ValueType) -> Self {
        Self {
            value_type,
            maybe_type,
            load: shared,
            recall: match is_small::<T>() {
                true => recall_shared,
                false => recall_nothing,
            },
            recall_long: match is_small::<T>() {
                true => recall_long_shared,
                false => |_, _, _| Recalled::Rests,
            },
            remember: match is_small::<T>() {
                true => remember_pointer,
                false => remember_nothing,
            },
            keep: same,
            erase: erased,
            release: same,
        }
    }
}

fn cloned<T: Any + Clone>(kept: &AnyValue) -> Option<T> {
    kept.downcast_ref::<T>().cloned()
}

fn shared<T: Any + Send + Sync>(kept: &AnyValue) -> Option<Arc<T>> {
    Arc::clone(kept).downcast().ok()
}

/// Whether a copy of the value is all of it, and no more than a pointer and a few numbers.
const fn is_plain<T>() -> bool {
    !std::mem::needs_drop::<T>() && size_of::<T>() <= 64
}

/// Whether what a pointer that does not keep a value keeps allocated is little.
const fn is_small<T>() -> bool {
    size_of::<T>() <= 1_024
}

fn recall_copy<T: Any + Clone>(
    cache: &Cache,
    hits: &Tally,
    instance: u32,
    a: u64,
    b: u64,
    c: u64,
) -> Recalled<T> {
    let place = Spot::of(instance, [a, b, c]);
    cache.recall::<T, T>(place, hits, |copy| Some(copy.clone()))
}

fn recall_cloned<T: Any + Clone>(
    cache: &Cache,
    hits: &Tally,
    instance: u32,
    a: u64,
    b: u64,
    c: u64,
) -> Recalled<T> {
    let place = Spot::of(instance, [a, b, c]);
    let recalled = cache.recall::<Unkept, AnyValue>(place, hits, Unkept::upgrade);
    recalled.map(|value| cloned(&value))
}

fn recall_shared<T: Any + Send + Sync>(
    cache: &Cache,
    hits: &Tally,
    instance: u32,
    a: u64,
    b: u64,
    c: u64,
) -> Recalled<Arc<T>> {
    let place = Spot::of(instance, [a, b, c]);
    let recalled = cache.recall::<Unkept, AnyValue>(place, hits, Unkept::upgrade);
    recalled.map(|value| value.downcast().ok())
}

fn recall_long_copy<T: Any + Clone>(
    cache: &Cache,
    hits: &Tally,
    place: &Spot<LONG>,
) -> Recalled<T> {
    cache.recall_long::<T, T>(place, hits, |copy| Some(copy.clone()))
}

fn recall_long_cloned<T: Any + Clone>(
    cache: &Cache,
    hits: &Tally,
    place: &Spot<LONG>,
) -> Recalled<T> {
    let recalled = cache.recall_long::<Unkept, AnyValue>(place, hits, Unkept::upgrade);
    recalled.map(|value| cloned(&value))
}

fn recall_long_shared<T: Any + Send + Sync>(
    cache: &Cache,
    hits: &Tally,
    place: &Spot<LONG>,
) -> Recalled<Arc<T>> {
    let recalled = cache.recall_long::<Unkept, AnyValue>(place, hits, Unkept::upgrade);
    recalled.map(|value| value.downcast().ok())
}

fn recall_nothing<V>(_: &Cache, _: &Tally, _: u32, _: u64, _: u64, _: u64) -> Recalled<V> {
    Recalled::Rests
}

fn remember_copy<T: Any + Clone>(
    cache: &Cache,
    place: &Place,
    mark: Mark,
    entry: &Entry,
    until: Option<Moment>,
) {
    if let Some(value) = entry.value::<T>() {
        cache.remember(place, mark, entry, until, value.clone());
    }
}

fn remember_pointer(
    cache: &Cache,
    place: &Place,
    mark: Mark,
    entry: &Entry,
    until: Option<Moment>,
) {
    cache.remember(place, mark, entry, until, unkept(entry.any()));
}

fn remember_nothing(_: &Cache, _: &Place, _: Mark, _: &Entry, _: Option<Moment>) {}

fn erased<T: Any + Send + Sync>(kept: Arc<T>) -> AnyValue {
    kept
}

fn same<T>(value: T) -> T {
    value
}
