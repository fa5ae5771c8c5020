use cachestack::cached;

mod lang {
    pub const CODE: &str = "en";
}

#[cached(key = "hello:{lang::CODE}:{id}")]
fn hello(id: u64) -> u64 {
    id
}

#[test]
fn works() {
    assert_eq!(hello::entry(7).key().unwrap(), "hello:en:7");
}
