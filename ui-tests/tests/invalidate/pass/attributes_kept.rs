#![deny(warnings)]

use cachestack::invalidate;

/// Documented.
#[invalidate(key = "a:{id}")]
#[must_use]
#[allow(unused_variables)]
fn allowed(id: u64, name: &str) -> u64 {
    id
}

#[invalidate(key = "a:{id}")]
#[expect(unused_variables)]
async fn expected(id: u64, name: &str) -> u64 {
    id
}

#[invalidate(key = "a:{id}")]
#[cfg(any())]
fn missing(id: Missing) {}

#[invalidate(key = "a:{id}")]
fn parameter(id: u64, #[cfg(any())] other: Missing) {
    let _ = id;
}

#[invalidate(key = "a:{id}")]
#[invalidate(key = "b:{id}")]
fn twice(id: u64) -> u64 {
    id
}

#[test]
fn works() {
    assert_eq!(allowed(1, ""), 1);
    drop(expected(1, ""));
    parameter(1);
    twice(1);
}
