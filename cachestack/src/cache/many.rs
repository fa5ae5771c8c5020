//! Looking up or computing several keys by hand.

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use cachestack_backends::runtime::block_on;
use cachestack_backends::{AnyValue, CacheValue, Key, KeyDigest, ValueType};

use super::batch::{Answer, Asked, Batch, Brought, Next};
use super::{Cache, EntryOptions, Kept};
use crate::function::by_hand_origin;

impl Cache {
    /// The values of several ids: those that are there, and what `compute` makes of the missing ones, stored for
    /// the next. `key_of` tells the key of an id.
    ///
    /// Every layer is asked once for all that is still missing, and `compute` is called once with the ids that no
    /// layer has, each once, in the order of `ids`; not at all when none is missing. An id that it does not bring is
    /// not in the result; with [`EntryOptions::none_ttl`] the cache keeps that in mind for so long, and other batches do
    /// not ask for the id. What it brings beyond what it was asked for is left out.
    ///
    /// Each key has a computation of its own, which [`get_or_compute`](Self::get_or_compute) of the same key and type
    /// and other batches share: this one computes what nobody computes yet, stores it and hands it over, and only
    /// then waits for the rest. `compute` is called again only with those that another caller was to compute and
    /// failed at, gave up, or did not bring within the lease ([`wait`](super::CacheBuilder::wait)). An id that is
    /// invalidated while it is computed is stored nowhere, and the others are.
    ///
    /// A cache that fails only costs the computation: this never fails by it. To a single look-up that an id is
    /// absent is no answer: it computes. What is stale counts as missing; what is stored gets its stale time and jitter
    /// from the options and the cache, for single look-ups to use.
    ///
    /// # Costs
    /// A batch that finds all in memory takes no flight and no lock beyond those of the look-ups. Else it takes one
    /// look-up and one store in each layer for all ids, and in memory a few hundred bytes for each id that is missing.
    /// Waiting for others takes a timer for each id, and looks at each whenever one of them is there.
    ///
    /// # Cancellation
    /// Dropped while it computes, it hands over every key to one of those who wait for it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use cachestack::{Cache, key};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), cachestack::Error> {
    /// let cache = Cache::builder().build()?;
    /// cache.set("square:2", 4_u64, None).await?;
    ///
    /// let minute = Duration::from_secs(60);
    /// let squares = cache
    ///     .get_or_compute_many([1_u64, 2, 3], |id| key!("square:{id}"), minute, |missing| async move {
    ///         assert_eq!(missing, [1, 3]);
    ///         missing.into_iter().map(|id| (id, id * id))
    ///     })
    ///     .await;
    /// assert_eq!(squares[&3], 9);
    /// assert_eq!(squares.len(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_or_compute_many<K, S, T, F, I>(
        &self,
        ids: impl IntoIterator<Item = K>,
        key_of: impl Fn(&K) -> S,
        options: impl Into<EntryOptions>,
        mut compute: impl FnMut(Vec<K>) -> F,
    ) -> HashMap<K, T>
    where
        K: Clone + Eq + Hash,
        S: AsRef<str>,
        T: CacheValue,
        F: Future<Output = I>,
        I: IntoIterator<Item = (K, T)>,
    {
        let compute = |missing| {
            let computing = compute(missing);
            async move { Ok::<I, Infallible>(computing.await) }
        };
        let got = self.get_or_try_compute_many(ids, key_of, options, compute);
        match got.await {
            Ok(found) => found,
            Err(never) => match never {},
        }
    }

    /// The same for a computation that may fail. Its error goes to its caller and nothing of that call is stored;
    /// those who waited for its keys compute themselves, in rounds that double.
    ///
    /// # Errors
    /// What `compute` returns, whatever else was found.
    pub async fn get_or_try_compute_many<K, S, T, E, F, I>(
        &self,
        ids: impl IntoIterator<Item = K>,
        key_of: impl Fn(&K) -> S,
        options: impl Into<EntryOptions>,
        mut compute: impl FnMut(Vec<K>) -> F,
    ) -> Result<HashMap<K, T>, E>
    where
        K: Clone + Eq + Hash,
        S: AsRef<str>,
        T: CacheValue,
        F: Future<Output = Result<I, E>>,
        I: IntoIterator<Item = (K, T)>,
    {
        let key_of = |id: &K| self.key(key_of(id));
        let (asked, mut batch) = self.batch_by_hand::<K, T, _>(ids, key_of, &options.into());
        loop {
            let missing = match batch.next_apart().await {
                Next::Compute(missing) => asked.ids.named(&missing),
                // It is another function's.
                Next::Failed(number, _) => {
                    batch.alone(number);
                    continue;
                }
                Next::Done => return Ok(asked.result(batch)),
            };
            let computed = {
                let computing = pin!(batch.run(|| compute(missing)));
                batch.drive(computing).await
            };
            match computed {
                Ok(pairs) => {
                    let brought = asked.brought(pairs);
                    Box::pin(batch.hand_in(brought)).await;
                }
                Err(error) => {
                    batch.fail(None);
                    return Err(error);
                }
            }
        }
    }

    pub(super) fn get_or_try_compute_many_sync<K, S, T, E, I>(
        &self,
        ids: impl IntoIterator<Item = K>,
        key_of: impl Fn(&K) -> S,
        options: impl Into<EntryOptions>,
        mut compute: impl FnMut(Vec<K>) -> Result<I, E>,
    ) -> Result<HashMap<K, T>, E>
    where
        K: Clone + Eq + Hash,
        S: AsRef<str>,
        T: CacheValue,
        I: IntoIterator<Item = (K, T)>,
    {
        let key_of = |id: &K| self.key(key_of(id));
        let (asked, mut batch) = self.batch_by_hand::<K, T, _>(ids, key_of, &options.into());
        loop {
            let missing = match block_on(batch.next_apart()) {
                Next::Compute(missing) => asked.ids.named(&missing),
                Next::Failed(number, _) => {
                    batch.alone(number);
                    continue;
                }
                Next::Done => return Ok(asked.result(batch)),
            };
            match batch.run(|| compute(missing)) {
                Ok(pairs) => block_on(batch.hand_in(asked.brought(pairs))),
                Err(error) => {
                    batch.fail(None);
                    return Err(error);
                }
            }
        }
    }
}

/// What a batch is asked for.
#[derive(Debug)]
pub(crate) struct Ids<K> {
    /// Each id, in the order of the asking, with the number of its key.
    all: Vec<(K, usize)>,
    /// Where the first id of each key is.
    first: Vec<usize>,
    numbers: HashMap<KeyDigest, usize>,
}

impl<K: Clone> Ids<K> {
    /// With the keys, each once.
    pub(crate) fn new(
        ids: impl IntoIterator<Item = K>,
        mut key_of: impl FnMut(&K) -> Key,
    ) -> (Self, Vec<Key>) {
        let (mut ids_so_far, mut keys) = (Self::empty(), Vec::new());
        for (place, id) in ids.into_iter().enumerate() {
            let key = key_of(&id);
            let next = keys.len();
            let number = *ids_so_far.numbers.entry(key.digest()).or_insert(next);
            if number == next {
                keys.push(key);
                ids_so_far.first.push(place);
            }
            ids_so_far.all.push((id, number));
        }
        (ids_so_far, keys)
    }

    /// Of nothing.
    pub(crate) fn empty() -> Self {
        Self {
            all: Vec::new(),
            first: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// The ids of the keys of those numbers.
    pub(crate) fn named(&self, numbers: &[usize]) -> Vec<K> {
        let named = numbers.iter();
        let named = named.map(|number| self.all[self.first[*number]].0.clone());
        named.collect()
    }

    /// How many there are, each as often as it was asked for.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The number of a key, when it was asked for.
    pub(crate) fn number(&self, key: KeyDigest) -> Option<usize> {
        self.numbers.get(&key).copied()
    }

    /// Each id, in the order of the asking, with what there is under its key.
    pub(crate) fn answered(
        self,
        answers: Vec<Option<Answer>>,
    ) -> impl Iterator<Item = (K, Option<AnyValue>)> {
        self.all.into_iter().map(move |(id, number)| {
            let value = match &answers[number] {
                Some(Answer::Value(value)) => Some(Arc::clone(value)),
                Some(Answer::Absent) | None => None,
            };
            (id, value)
        })
    }
}

/// A batch by hand.
struct ByHand<K, F> {
    ids: Ids<K>,
    key_of: F,
    kept: Kept,
    none_ttl: Option<Duration>,
}

impl<K: Clone + Eq + Hash, F: Fn(&K) -> Key> ByHand<K, F> {
    /// What is handed in of the pairs that were computed.
    fn brought<T: CacheValue, I: IntoIterator<Item = (K, T)>>(
        &self,
        pairs: I,
    ) -> impl FnMut(usize) -> Brought + use<K, T, F, I> {
        let (kept, none_ttl) = (self.kept, self.none_ttl);
        let mut values: HashMap<usize, AnyValue> = HashMap::new();
        for (id, value) in pairs {
            if let Some(number) = self.ids.number((self.key_of)(&id).digest()) {
                values.insert(number, Arc::new(value));
            }
        }
        move |number| match values.remove(&number) {
            Some(value) => Brought::Value(value, kept),
            None => Brought::Nothing(none_ttl),
        }
    }

    fn result<T: CacheValue>(self, batch: Batch<'_>) -> HashMap<K, T> {
        let found = self.ids.answered(batch.into_answers());
        let typed = found.filter_map(|(id, value)| {
            let value = value?.downcast::<T>().ok()?;
            Some((id, Arc::unwrap_or_clone(value)))
        });
        typed.collect()
    }
}

impl Cache {
    fn batch_by_hand<K: Clone, T: CacheValue, F: Fn(&K) -> Key>(
        &self,
        ids: impl IntoIterator<Item = K>,
        key_of: F,
        options: &EntryOptions,
    ) -> (ByHand<K, F>, Batch<'_>) {
        let (ids, keys) = Ids::new(ids, &key_of);
        let on = options.dependencies();
        let asked = keys.into_iter().map(|key| Asked {
            key,
            on: on.clone(),
        });
        let by_hand = ByHand {
            ids,
            key_of,
            kept: Kept {
                wanted: true,
                ttl: options.ttl,
            },
            none_ttl: options.none_ttl,
        };
        let policy = self.policy(options.freshness());
        let origin = by_hand_origin();
        let value_type = ValueType::maybe::<T>();
        let batch = self.batch(asked.collect(), value_type, policy, (origin, false));
        (by_hand, batch)
    }
}
