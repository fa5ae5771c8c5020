#![deny(warnings)]

mod core {}
mod std {}
mod cachestack_ {}

use ::cachestack::cached;

#[cached]
fn entry(entry: u64) -> u64 {
    entry
}

#[cached]
fn uncached(uncached: u64) -> u64 {
    uncached
}

#[cached]
fn key(key: u64) -> u64 {
    key
}

#[cached]
fn vec(vec: &[u64]) -> usize {
    vec.len()
}

#[cached]
fn option(some: Option<u64>) -> Option<u64> {
    some
}

#[cached]
fn tag(tag: u64) -> u64 {
    tag
}

#[cached]
fn r#type(r#in: u64) -> u64 {
    r#in
}

#[cached(key = "match:{r#in}")]
fn r#match(r#in: u64) -> u64 {
    r#in
}

#[test]
fn works() {
    assert_eq!(
        entry(1) + uncached(1) + key(1) + tag(1) + r#type(1) + r#match(1),
        6
    );
    assert_eq!(entry::entry(1).peek(), Some(1));
    assert_eq!(uncached::uncached(1), 1);
    assert_eq!(r#type::entry(1).peek(), Some(1));
    assert_eq!(vec(&[1]), 1);
    assert_eq!(option(Some(1)), Some(1));
}
