use std::sync::Arc;

use cachestack::cached;

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Users;

impl Users {
    #[cached(skip(self))]
    async fn by_reference(self: &Arc<Self>, id: u64) -> u64 {
        id + Arc::strong_count(self) as u64
    }

    #[cached(skip(self))]
    async fn by_arc(self: Arc<Self>, id: u64) -> u64 {
        id + Arc::strong_count(&self) as u64
    }

    #[cached(skip(self))]
    fn by_value(self, id: u64) -> u64 {
        let Self = self;
        id
    }

    #[cached(skip(self))]
    fn mutable(&mut self, id: u64) -> u64 {
        *self = Self;
        id
    }

    #[cached(skip(self))]
    fn mutable_value(mut self, id: u64) -> Self {
        self.mutable(id);
        self
    }
}

#[tokio::test]
async fn works() {
    let users = Arc::new(Users);
    assert_eq!(users.by_reference(1).await, 2);
    assert_eq!(Arc::clone(&users).by_arc(1).await, 3);
    assert_eq!(users.by_arc_entry(1).peek(), Some(3));
    assert_eq!(Users.by_value(1), 1);
    assert_eq!(Users.mutable(1), 1);
    assert_eq!(Users.mutable_value(1), Users);
}
