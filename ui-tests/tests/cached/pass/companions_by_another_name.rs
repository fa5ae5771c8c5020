use cachestack::{cached, invalidate};

mod user {
    pub const NAME: &str = "user";
}

#[cached(companions = user_cache)]
fn user(id: u64) -> u64 {
    id
}

#[cached(companions = u64_cache)]
fn u64() -> u8 {
    1
}

pub struct Users;

impl Users {
    #[cached(skip(self), companions = found)]
    fn find(&self, id: u64) -> u64 {
        id
    }
}

#[invalidate(user_cache(id), user_cache)]
fn forget(id: u64) -> &'static str {
    user::NAME
}

#[test]
fn works() {
    assert_eq!(user(1) + u64::from(u64()), 2);
    assert_eq!(user_cache::entry(1).peek(), Some(1));
    assert_eq!(Users.find(1), 1);
    assert_eq!(Users.found_entry(1).peek(), Some(1));
    assert_eq!(forget(1), "user");
}
