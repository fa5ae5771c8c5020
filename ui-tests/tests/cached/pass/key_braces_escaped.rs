use cachestack::cached;

#[cached(key = "{{user}}:{id}")]
fn user(id: u64) -> u64 {
    id
}

#[test]
fn works() {
    assert_eq!(user::entry(7).key().unwrap(), "{user}:7");
}
