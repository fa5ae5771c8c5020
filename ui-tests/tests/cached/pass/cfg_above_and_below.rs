#![deny(warnings)]

use cachestack::cached;

#[cfg(not(any()))]
#[cached]
fn above(n: u64) -> u64 {
    n
}

#[cfg(any())]
#[cached]
fn above(n: Missing) -> Missing {
    n
}

#[cached]
#[cfg(not(any()))]
fn below(n: u64) -> u64 {
    n
}

#[cached]
#[cfg(any())]
fn below(n: Missing) -> Missing {
    n
}

#[test]
fn works() {
    assert_eq!(above(1) + below(1), 2);
    assert_eq!(below::entry(1).peek(), Some(1));
}
