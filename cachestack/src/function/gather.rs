//! What a function of several ids returns, and what belongs to each id of it.

/// A map from ids to values, or what collects pairs like one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mapped;

/// A vector of values in the order of the ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ordered;

/// The same in the `Ok` of a `Result`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Failing<W>(pub W);

/// How a return value and the values of single ids go together.
#[diagnostic::on_unimplemented(
    message = "`{R}` does not tell what belongs to each id",
    label = "neither a map nor a vector",
    note = "with `each`, return a map from the ids to their values (a `HashMap`, a `BTreeMap` or another collection of pairs), \
            or a `Vec` of values in the order of the ids; or a `Result` of one"
)]
pub trait Gathers<R> {
    /// What is kept of an id.
    type Value;
    /// What the function would return for one id.
    type One;
    /// What is left of the return value when it is no failure.
    type Whole;
    /// Whether an id may be missing.
    const MAY_BE_ABSENT: bool;

    /// What belongs to the ids, or the failure that it is.
    ///
    /// # Errors
    /// The failure, as it were that of one id.
    fn split(returned: R) -> Result<Self::Whole, Self::One>;

    /// What the function returns, whole.
    fn whole(whole: Self::Whole) -> R;

    /// The failure of one id as one of the function.
    fn failed(one: Self::One) -> Option<R>;
}

/// How values are found by their ids.
#[diagnostic::on_unimplemented(
    message = "the ids of the argument and those of `{R}` are of different types",
    label = "not a map from `{K}`",
    note = "with `each`, a function takes a slice of the ids that the keys of its map are"
)]
pub trait Sorts<R, K>: Gathers<R> {
    /// Each value with its number, given those of what was asked for.
    ///
    /// # Errors
    /// The values themselves, when it cannot be told which is whose.
    fn sort(
        whole: Self::Whole,
        asked: &[usize],
        number_of: impl Fn(&K) -> Option<usize>,
    ) -> Result<Vec<(usize, Self::Value)>, Self::Whole>;

    /// The return value, when all that must be there is.
    fn gather(found: impl Iterator<Item = (K, Option<Self::Value>)>) -> Option<R>;
}

impl<C, I, V> Gathers<C> for Mapped
where
    C: IntoIterator<Item = (I, V)> + FromIterator<(I, V)>,
{
    type Value = V;
    type One = V;
    type Whole = C;
    const MAY_BE_ABSENT: bool = true;

    fn split(returned: C) -> Result<C, V> {
        Ok(returned)
    }
    fn whole(whole: C) -> C {
        whole
    }
    fn failed(_: V) -> Option<C> {
        None
    }
}

impl<C, K, V> Sorts<C, K> for Mapped
where
    C: IntoIterator<Item = (K, V)> + FromIterator<(K, V)>,
{
    fn sort(
        whole: C,
        _: &[usize],
        number_of: impl Fn(&K) -> Option<usize>,
    ) -> Result<Vec<(usize, V)>, C> {
        let numbered = whole.into_iter();
        let numbered = numbered.filter_map(|(id, value)| Some((number_of(&id)?, value)));
        Ok(numbered.collect())
    }
    fn gather(found: impl Iterator<Item = (K, Option<V>)>) -> Option<C> {
        let found = found.filter_map(|(id, value)| Some((id, value?)));
        Some(found.collect())
    }
}

impl<V> Gathers<Vec<V>> for Ordered {
    type Value = V;
    type One = V;
    type Whole = Vec<V>;
    const MAY_BE_ABSENT: bool = false;

    fn split(returned: Vec<V>) -> Result<Vec<V>, V> {
        Ok(returned)
    }
    fn whole(whole: Vec<V>) -> Vec<V> {
        whole
    }
    fn failed(_: V) -> Option<Vec<V>> {
        None
    }
}

impl<V, K> Sorts<Vec<V>, K> for Ordered {
    fn sort(
        whole: Vec<V>,
        asked: &[usize],
        _: impl Fn(&K) -> Option<usize>,
    ) -> Result<Vec<(usize, V)>, Vec<V>> {
        match whole.len() == asked.len() {
            true => Ok(asked.iter().copied().zip(whole).collect()),
            false => Err(whole),
        }
    }
    fn gather(found: impl Iterator<Item = (K, Option<V>)>) -> Option<Vec<V>> {
        found.map(|(_, value)| value).collect()
    }
}

impl<C, E, W: Gathers<C>> Gathers<Result<C, E>> for Failing<W> {
    type Value = W::Value;
    type One = Result<W::Value, E>;
    type Whole = W::Whole;
    const MAY_BE_ABSENT: bool = W::MAY_BE_ABSENT;

    fn split(returned: Result<C, E>) -> Result<W::Whole, Result<W::Value, E>> {
        match returned.map(W::split) {
            Ok(Ok(whole)) => Ok(whole),
            Ok(Err(_)) => unreachable!("a collection is no failure"),
            Err(error) => Err(Err(error)),
        }
    }
    fn whole(whole: W::Whole) -> Result<C, E> {
        Ok(W::whole(whole))
    }
    fn failed(one: Result<W::Value, E>) -> Option<Result<C, E>> {
        one.err().map(Err)
    }
}

impl<C, E, K, W: Sorts<C, K>> Sorts<Result<C, E>, K> for Failing<W> {
    fn sort(
        whole: W::Whole,
        asked: &[usize],
        number_of: impl Fn(&K) -> Option<usize>,
    ) -> Result<Vec<(usize, W::Value)>, W::Whole> {
        W::sort(whole, asked, number_of)
    }
    fn gather(found: impl Iterator<Item = (K, Option<W::Value>)>) -> Option<Result<C, E>> {
        W::gather(found).map(Ok)
    }
}
