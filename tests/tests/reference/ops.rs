//! What is done to a cache.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

/// Keys are few, so that operations meet.
pub(crate) const KEYS: usize = 3;

#[derive(Debug, Clone)]
pub(crate) enum Op {
    Get(usize),
    GetMany(Vec<usize>),
    Exists(usize),
    Set(usize, u32, Option<Duration>),
    SetMany(Vec<usize>, u32),
    Delete(usize),
    DeleteMany(Vec<usize>),
    Clear,
    Purge,
    Advance(Duration),
    /// Begins a call of `get_or_try_compute`, whose computation takes until it is finished.
    Call(usize, Option<Duration>),
    /// Finishes one of the computations that are under way.
    Finish(usize, Result<u32, ()>),
}

/// Never on a whole second, and the clock is moved by whole ones: nothing ends at the very moment it is looked at.
fn ttl() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![
        2 => Just(None),
        3 => (0_u64..6).prop_map(|s| Some(Duration::from_millis(s * 1_000 + 500))),
    ]
}

fn operation() -> impl Strategy<Value = Op> {
    let key = || 0..KEYS;
    let keys = || vec(0..KEYS, 0..4);
    let seconds = 1_u64..3;
    prop_oneof![
        4 => key().prop_map(Op::Get),
        1 => keys().prop_map(Op::GetMany),
        1 => key().prop_map(Op::Exists),
        3 => (key(), any::<u32>(), ttl()).prop_map(|(key, value, ttl)| Op::Set(key, value, ttl)),
        1 => (keys(), any::<u32>()).prop_map(|(keys, value)| Op::SetMany(keys, value)),
        3 => key().prop_map(Op::Delete),
        1 => keys().prop_map(Op::DeleteMany),
        1 => Just(Op::Clear),
        1 => Just(Op::Purge),
        2 => seconds.prop_map(|s| Op::Advance(Duration::from_secs(s))),
        6 => (key(), ttl()).prop_map(|(key, ttl)| Op::Call(key, ttl)),
        4 => (0..8_usize, prop_oneof![2 => any::<u32>().prop_map(Ok), 1 => Just(Err(()))])
            .prop_map(|(nth, result)| Op::Finish(nth, result)),
    ]
}

pub(crate) fn operations() -> impl Strategy<Value = Vec<Op>> {
    vec(operation(), 1..40)
}
