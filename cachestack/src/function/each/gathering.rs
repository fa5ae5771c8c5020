//! Such a call on the way to what it returns.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{AnyValue, KeyError, KeyText};

use super::returned::{Gathers, Sorted};
use super::{Begun, whole};
use crate::cache::Kept;
use crate::cache::batch::{Batch, Brought, Next};
use crate::cache::many::Ids;
use crate::events::Origin;
use crate::function::form::FormOf;
use crate::function::identity::Identity;
use crate::function::lifetime::Lifetime;
use crate::function::shape::Shape;
use crate::function::share::Share;

/// Looks into the layers that answer at once, and claims the rest.
pub fn gather<'a, W, R, O, S, K>(
    begun: &'a mut Begun<K>,
    _: W,
    _: S,
    form: FormOf<O, S>,
) -> Gathering<'a, R, K, O, S>
where
    W: Gathers<R, K, Value = S::Value, One = O>,
    S: Shape<O>,
    K: Clone,
{
    let value_type = match W::MAY_BE_ABSENT {
        true => form.maybe_type,
        false => form.value_type,
    };
    let asked = std::mem::take(&mut begun.asked);
    let new = begun.new;
    let place = begun.place.as_ref();
    Gathering {
        origin: begun.origin,
        batch: place.map(|cache| {
            let policy = cache.policy(None);
            cache.batch(asked, value_type, policy, (begun.origin, new))
        }),
        head: begun.head,
        ids: std::mem::replace(&mut begun.ids, Ids::empty()),
        missing: Vec::new(),
        load: form.load,
        keep: form.keep,
        erase: form.erase,
        sort: W::sort,
        gather: W::gather,
        failed: W::failed,
    }
}

/// What is next.
#[derive(Debug)]
pub enum Step<R, K> {
    /// To return that.
    Return(R),
    /// To return what the body makes of all arguments.
    Plain,
    /// To have the body compute those, and to go on.
    Compute(Vec<K>),
}

/// A call of several ids on the way to what it returns.
pub struct Gathering<'a, R, K, O, S: Shape<O>> {
    origin: Origin,
    /// None where the cache takes no part, or no more.
    batch: Option<Batch<'a>>,
    head: Option<&'static Identity>,
    ids: Ids<K>,
    /// The numbers of what is being computed.
    missing: Vec<usize>,
    load: fn(&AnyValue) -> Option<S::Value>,
    keep: fn(S::Value) -> Arc<S::Stored>,
    erase: fn(Arc<S::Stored>) -> AnyValue,
    sort: Sort<R, K, S::Value, O>,
    gather: Gather<R, K, S::Value>,
    failed: fn(O) -> Option<R>,
}

type Gather<R, K, V> = fn(Vec<(K, Option<V>)>) -> Option<R>;

type Sort<R, K, V, O> = fn(R, &[usize], &dyn Fn(&K) -> Option<usize>) -> Sorted<R, V, O>;

/// How what was computed is kept.
#[derive(Debug, Clone, Copy)]
pub struct Keeping<P, L> {
    /// Whether a value is.
    keep: P,
    /// For how long.
    lifetime: L,
    /// How long it is kept that there is none.
    none_ttl: Option<Duration>,
}

/// Whether a value is kept and for how long, and how long it is kept that there is none.
#[inline]
pub fn keeping<V, P, L>(keep: P, lifetime: L, none_ttl: Option<Duration>) -> Keeping<P, L>
where
    P: Fn(&V) -> bool,
    L: Lifetime<V> + Copy,
{
    Keeping {
        keep,
        lifetime,
        none_ttl,
    }
}

impl<R, K: Clone, O, S: Shape<O>> Gathering<'_, R, K, O, S> {
    /// Goes on until something is to be computed, or returned.
    pub async fn next<H: Share<O>>(&mut self, share: &H) -> Step<R, K> {
        loop {
            let Some(batch) = &mut self.batch else {
                return Step::Plain;
            };
            match batch.next_apart().await {
                Next::Compute(missing) => {
                    let ids = self.ids.named(&missing);
                    self.missing = missing;
                    return Step::Compute(ids);
                }
                Next::Failed(number, failure) => {
                    match share.take(&failure).and_then(self.failed) {
                        Some(returned) => {
                            if let Some(batch) = self.batch.take() {
                                batch.shares(number);
                            }
                            return Step::Return(returned);
                        }
                        // It is another function's.
                        None => batch.alone(number),
                    }
                }
                Next::Done => return self.done(),
            }
        }
    }

    /// The same for sync code.
    pub fn next_sync<H: Share<O>>(&mut self, share: &H) -> Step<R, K> {
        block_on(self.next(share))
    }

    /// Runs the body.
    pub fn run(&self, body: impl FnOnce() -> R) -> R {
        match &self.batch {
            Some(batch) => batch.run(body),
            None => body(),
        }
    }

    /// The same for its future.
    pub async fn drive(&self, body: impl Future<Output = R>) -> R {
        match &self.batch {
            Some(batch) => batch.drive(pin!(body)).await,
            None => body.await,
        }
    }

    /// Takes what the body returned, and stores it; gives back what the function is to return now, if that is so.
    pub async fn settle<H, P, L>(
        &mut self,
        returned: R,
        key_of: impl Fn(&K) -> Result<KeyText, KeyError>,
        keeping: Keeping<P, L>,
        share: &H,
    ) -> Option<R>
    where
        H: Share<O>,
        P: Fn(&S::Value) -> bool,
        L: Lifetime<S::Value> + Copy,
    {
        let batch = self.batch.as_mut()?;
        let number_of = |id: &K| {
            let text = whole(self.head, &key_of(id).ok()?);
            self.ids.number(batch.key(&text).digest())
        };
        let sorted = match (self.sort)(returned, &self.missing, &number_of) {
            Sorted::Values(sorted) => sorted,
            Sorted::Misfit(returned) => return self.misfit(returned),
            Sorted::Failed(failed) => {
                batch.fail(share.share(&failed).as_ref());
                return (self.failed)(failed);
            }
        };
        let mut values: HashMap<usize, (AnyValue, Kept)> = HashMap::new();
        for (number, value) in sorted {
            let kept = Kept::of((keeping.keep)(&value), || keeping.lifetime.of(&value));
            let value = (self.erase)((self.keep)(value));
            values.insert(number, (value, kept));
        }
        let brought = |number| match values.remove(&number) {
            Some((value, kept)) => Brought::Value(value, kept),
            None => Brought::Nothing(keeping.none_ttl),
        };
        Box::pin(batch.hand_in(brought)).await;
        None
    }

    /// The same for sync code.
    pub fn settle_sync<H, P, L>(
        &mut self,
        returned: R,
        key_of: impl Fn(&K) -> Result<KeyText, KeyError>,
        keeping: Keeping<P, L>,
        share: &H,
    ) -> Option<R>
    where
        H: Share<O>,
        P: Fn(&S::Value) -> bool,
        L: Lifetime<S::Value> + Copy,
    {
        block_on(self.settle(returned, key_of, keeping, share))
    }

    /// The body returned what cannot be told apart by ids: none of it is stored. Where it was asked for all ids, that is
    /// what the function returns, else it is asked for all of them.
    fn misfit(&mut self, returned: R) -> Option<R> {
        let function = self.origin.identity.map(Identity::text);
        let asked = self.missing.len();
        tracing::error!(
            target: "cachestack",
            function,
            asked,
            "the function returned more or fewer values than it was given ids, nothing is stored",
        );
        if let Some(batch) = self.batch.take() {
            batch.discard();
        }
        (self.ids.len() == asked).then_some(returned)
    }

    fn done(&mut self) -> Step<R, K> {
        let Some(batch) = self.batch.take() else {
            return Step::Plain;
        };
        let ids = std::mem::replace(&mut self.ids, Ids::empty());
        let load = self.load;
        let found = ids.answered(batch.into_answers());
        let found = found.map(|(id, value)| (id, value.as_ref().and_then(load)));
        match (self.gather)(found.collect()) {
            Some(returned) => Step::Return(returned),
            None => Step::Plain,
        }
    }
}

impl<R, K, O, S: Shape<O>> fmt::Debug for Gathering<'_, R, K, O, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gathering")
            .field("function", &self.origin.identity)
            .field("missing", &self.missing.len())
            .finish_non_exhaustive()
    }
}
