use cachestack::cached;

#[cached(ttl = 60, version = 1)]
fn double(n: u64) -> u64 {
    n * 2
}

#[cached()]
fn triple(n: u64) -> u64 {
    n * 3
}

#[test]
fn works() {
    assert_eq!(double(1) + triple(1), 5);
}
