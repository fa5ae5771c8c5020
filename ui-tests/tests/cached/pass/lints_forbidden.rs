#![forbid(dead_code, unused_imports, non_camel_case_types, unsafe_code)]

use cachestack::{cached, invalidate};

#[cached(key = "double:{n}")]
fn double(n: u64) -> u64 {
    n * 2
}

#[invalidate(double(n))]
fn forget(n: u64) {
    assert_eq!(n, 1);
}

#[test]
fn works() {
    assert_eq!(double(1), 2);
    forget(1);
}
