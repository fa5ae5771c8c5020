use cachestack::cached;

#[cached(ttl = 60)]
fn double(n: u64) -> u64 {
    n * 2
}

#[test]
fn works() {
    assert_eq!(double(2), 4);
    assert_eq!(double::entry(2).peek(), Some(4));
}
