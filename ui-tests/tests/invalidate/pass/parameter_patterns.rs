#![deny(warnings)]

use cachestack::{cached, invalidate};

#[cached]
fn double(n: u64) -> u64 {
    n * 2
}

#[invalidate(double(n))]
fn change(mut n: u64, (a, _): (u64, u64), _: bool, list: &mut Vec<u64>) -> u64 {
    n += a;
    list.push(n);
    n
}

#[test]
fn works() {
    let mut list = vec![];
    assert_eq!(change(1, (2, 3), true, &mut list), 3);
    assert_eq!(list, [3]);
}
