mod mine {
    pub use ::cachestack as library;
}

#[allow(unused_imports)]
use mine as cachestack;

use mine::library::{cached, invalidate, key};

#[cached(crate = mine::library, ttl = 60, error_ttl = 1)]
fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

pub struct Users;

#[cached(crate = mine::library)]
impl Users {
    #[cached(skip(self))]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[invalidate(self.find(id), crate = mine::library)]
    async fn forget(&self, id: u64) {}
}

#[invalidate(crate = mine::library, user(id), key = "user:{id}")]
fn forget(id: u64) {}

#[tokio::test]
async fn works() {
    assert_eq!(user(1), Ok(1));
    forget(1);
    assert_eq!(Users.find(1).await, 1);
    Users.forget(1).await;
    let id = 1;
    assert_eq!(&*key!(crate = mine::library, "user:{id}"), "user:1");
}
