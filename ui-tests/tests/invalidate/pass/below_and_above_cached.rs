use cachestack::{cached, invalidate};

#[cached]
fn list() -> u64 {
    1
}

/// What a first call changes.
#[cached]
#[invalidate(list())]
fn seen(id: u64) -> u64 {
    id
}

#[test]
fn works() {
    list();
    assert_eq!((seen(1), seen(1)), (1, 1));
    assert_eq!(list::entry().peek(), None);
}
