use cachestack::cached;

#[cached(version = 2)]
fn double(n: u64) -> u64 {
    n * 2
}

#[cached(version = 3, key = "triple:{n}")]
fn triple(n: u64) -> u64 {
    n * 3
}

#[test]
fn works() {
    assert_eq!(double(2) + triple(1), 7);
    assert!(double::entry(2).key().unwrap().contains("@2"));
    assert_eq!(triple::entry(1).key().unwrap(), "triple:1%@3");
}
