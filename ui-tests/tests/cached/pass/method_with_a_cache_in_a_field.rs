use std::sync::Arc;

use cachestack::{Cache, cached};

pub struct Users {
    cache: Cache,
}

impl Users {
    #[cached(cache = self.cache, skip(self))]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[cached(cache = self.cache, skip(self))]
    fn owned(self: Arc<Self>, id: u64) -> u64 {
        drop(self);
        id
    }
}

#[tokio::test]
async fn works() {
    let cache = Cache::builder().build().unwrap();
    let users = Arc::new(Users { cache });
    assert_eq!(users.find(1).await, 1);
    assert_eq!(users.find_entry(1).peek(), Some(1));
    assert_eq!(Arc::clone(&users).owned(1), 1);
    assert_eq!(users.owned_entries().stats().computed, 1);
}
