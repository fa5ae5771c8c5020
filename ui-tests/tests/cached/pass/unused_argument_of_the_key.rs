#![deny(warnings)]

use cachestack::cached;

#[cached(key = "answer:{n}")]
fn answer(n: u64) -> u64 {
    42
}

#[test]
fn works() {
    assert_eq!(answer(1), 42);
}
