#![deny(warnings)]

use cachestack::cached;

#[cached]
fn double(n: u64, #[cfg(any())] missing: Missing, #[cfg(not(any()))] factor: u64) -> u64 {
    n * factor
}

#[cached(key = "triple:{n}")]
fn triple(#[cfg(not(any()))] n: u64) -> u64 {
    n * 3
}

#[cached(skip(missing))]
async fn skipped(n: u64, #[cfg(any())] missing: Missing) -> u64 {
    n
}

#[test]
fn works() {
    assert_eq!(double(2, 2) + triple(1), 7);
    assert_eq!(double::entry(2, 2).peek(), Some(4));
    drop(skipped(1));
}
