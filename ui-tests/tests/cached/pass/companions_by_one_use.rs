mod users {
    use cachestack::cached;

    #[cached]
    pub fn user(id: u64) -> u64 {
        id
    }
}

mod through {
    pub use super::users::user;
}

mod renamed {
    use super::users::user as found;

    pub fn peek(id: u64) -> Option<u64> {
        found(id);
        found::entry(id).peek()
    }
}

#[test]
fn works() {
    use through::*;

    assert_eq!(user(1), 1);
    assert_eq!(user::entry(1).peek(), Some(1));
    assert_eq!(renamed::peek(2), Some(2));
    assert!(user::entries().stats().computed > 0);
}
