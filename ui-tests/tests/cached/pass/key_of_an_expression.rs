use cachestack::cached;

#[cached(key = format!("sum:{a}:{b}"))]
fn sum(a: u64, b: u64) -> u64 {
    a + b
}

#[cached(key = ["sum", &a.to_string(), &b.to_string()].join("-"))]
fn other(a: u64, b: u64) -> u64 {
    a + b
}

#[test]
fn works() {
    assert_eq!(sum::entry(1, 2).key().unwrap(), "sum:1:2");
    assert_eq!(other::entry(1, 2).key().unwrap(), "sum-1-2");
}
