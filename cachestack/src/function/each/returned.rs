//! What a function of several ids returns, and what belongs to each id of it.

/// A map from ids to values, or what collects pairs like one.
#[derive(Debug, Clone, Copy)]
pub struct Mapped;

/// A vector of values in the order of the ids.
#[derive(Debug, Clone, Copy)]
pub struct Ordered;

/// The same in the `Ok` of a `Result`.
#[derive(Debug, Clone, Copy)]
pub struct Failing<W>(pub W);

/// A return value, taken apart.
#[derive(Debug)]
pub enum Sorted<R, V, O> {
    /// Each value with the number of its id.
    Values(Vec<(usize, V)>),
    /// It cannot be told which value is whose.
    Misfit(R),
    /// A failure, as it were that of one id.
    Failed(O),
}

/// How a return value and the values of single ids go together.
#[diagnostic::on_unimplemented(
    message = "`{R}` does not tell what belongs to each `{K}`",
    label = "neither a map from `{K}` nor a vector",
    note = "with `each`, return a map from the ids to their values (a `HashMap`, a `BTreeMap` or another collection of pairs), \
            or a `Vec` of values in the order of the ids; or a `Result` of one"
)]
pub trait Gathers<R, K> {
    /// What is kept of an id.
    type Value;
    /// What the function would return for one id.
    type One;
    /// Whether an id may be missing.
    const MAY_BE_ABSENT: bool;

    /// What belongs to each of the ids that were asked for, by their numbers.
    fn sort(
        returned: R,
        asked: &[usize],
        number_of: &dyn Fn(&K) -> Option<usize>,
    ) -> Sorted<R, Self::Value, Self::One>;

    /// The return value, when all that must be there is.
    fn gather(found: Vec<(K, Option<Self::Value>)>) -> Option<R>;

    /// The failure of one id as one of the function.
    fn failed(one: Self::One) -> Option<R>;
}

#[diagnostic::do_not_recommend]
impl<C, K, V> Gathers<C, K> for Mapped
where
    C: IntoIterator<Item = (K, V)> + FromIterator<(K, V)>,
{
    type Value = V;
    type One = V;
    const MAY_BE_ABSENT: bool = true;

    fn sort(returned: C, _: &[usize], number_of: &dyn Fn(&K) -> Option<usize>) -> Sorted<C, V, V> {
        let pairs = returned.into_iter();
        let numbered = pairs.filter_map(|(id, value)| Some((number_of(&id)?, value)));
        Sorted::Values(numbered.collect())
    }
    fn gather(found: Vec<(K, Option<V>)>) -> Option<C> {
        let pairs = found.into_iter();
        let pairs = pairs.filter_map(|(id, value)| Some((id, value?)));
        Some(pairs.collect())
    }
    fn failed(_: V) -> Option<C> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<V, K> Gathers<Vec<V>, K> for Ordered {
    type Value = V;
    type One = V;
    const MAY_BE_ABSENT: bool = false;

    fn sort(
        returned: Vec<V>,
        asked: &[usize],
        _: &dyn Fn(&K) -> Option<usize>,
    ) -> Sorted<Vec<V>, V, V> {
        match returned.len() == asked.len() {
            true => Sorted::Values(asked.iter().copied().zip(returned).collect()),
            false => Sorted::Misfit(returned),
        }
    }
    fn gather(found: Vec<(K, Option<V>)>) -> Option<Vec<V>> {
        found.into_iter().map(|(_, value)| value).collect()
    }
    fn failed(_: V) -> Option<Vec<V>> {
        None
    }
}

#[diagnostic::do_not_recommend]
impl<C, E, K, W: Gathers<C, K>> Gathers<Result<C, E>, K> for Failing<W> {
    type Value = W::Value;
    type One = Result<W::Value, E>;
    const MAY_BE_ABSENT: bool = W::MAY_BE_ABSENT;

    fn sort(
        returned: Result<C, E>,
        asked: &[usize],
        number_of: &dyn Fn(&K) -> Option<usize>,
    ) -> Sorted<Result<C, E>, W::Value, Self::One> {
        match returned.map(|returned| W::sort(returned, asked, number_of)) {
            Ok(Sorted::Values(values)) => Sorted::Values(values),
            Ok(Sorted::Misfit(returned)) => Sorted::Misfit(Ok(returned)),
            Ok(Sorted::Failed(_)) => unreachable!("a collection is no failure"),
            Err(error) => Sorted::Failed(Err(error)),
        }
    }
    fn gather(found: Vec<(K, Option<W::Value>)>) -> Option<Result<C, E>> {
        W::gather(found).map(Ok)
    }
    fn failed(one: Self::One) -> Option<Result<C, E>> {
        one.err().map(Err)
    }
}
