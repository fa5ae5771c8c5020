use std::fmt::Debug;

use cachestack::cached;
use serde::Serialize;

#[cached]
fn text(value: impl Serialize + Debug, other: &(impl Serialize + Debug)) -> String {
    format!("{value:?} {other:?}")
}

#[cached(skip(sink))]
fn count(n: u64, sink: impl Fn(u64)) -> u64 {
    sink(n);
    n
}

#[test]
fn works() {
    assert_eq!(text(1, &"a"), r#"1 "a""#);
    assert_eq!(count(1, drop), 1);
    assert_eq!(text::entry(1, &"a").peek().as_deref(), Some(r#"1 "a""#));
}
