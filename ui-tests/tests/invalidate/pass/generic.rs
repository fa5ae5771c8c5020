use cachestack::{cached, invalidate};

#[cached(key = "item:{id}")]
fn item(id: u64) -> u64 {
    id
}

#[invalidate(item(id.into()), key = "text:{text}")]
fn put<T: Into<u64> + Copy, const N: usize>(
    id: T,
    text: impl std::fmt::Display,
    _rest: [u8; N],
) -> T {
    let _ = text.to_string();
    id
}

#[test]
fn works() {
    item(7);
    assert_eq!(put(7_u32, "a", [0]), 7);
    assert_eq!(item::entry(7).peek(), None);
}
