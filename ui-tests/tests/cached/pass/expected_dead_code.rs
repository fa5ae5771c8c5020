#![deny(warnings, dead_code)]

use cachestack::cached;

#[cached]
#[expect(dead_code)]
fn unused(n: u64) -> u64 {
    n
}

#[cached]
#[allow(dead_code)]
fn also_unused(n: u64) -> u64 {
    n
}

#[test]
fn works() {}
