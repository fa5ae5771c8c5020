use std::sync::Arc;

use cachestack::{cached, invalidate};

#[derive(Default)]
pub struct Users {
    tenant: u64,
    other: Option<Arc<Users>>,
}

impl Users {
    #[cached(key = "{self.tenant}:{id}")]
    async fn find(&self, id: u64) -> u64 {
        id
    }

    #[cached(associated)]
    fn all() -> u64 {
        1
    }

    #[invalidate(self.find(id), Self::all(), Users::all)]
    async fn by_reference(&self, id: u64) -> u64 {
        self.tenant + id
    }

    #[invalidate(self.find(id), self.find, key = "{self.tenant}")]
    fn by_mutable_reference(&mut self, id: u64) {
        self.tenant = id;
    }

    #[invalidate(self.find(id))]
    fn by_value(self, id: u64) -> Self {
        let _ = id;
        self
    }

    #[invalidate(self.find(id))]
    async fn by_arc(self: Arc<Self>, id: u64) -> Arc<Self> {
        let _ = id;
        self
    }

    #[invalidate(self.other.as_deref().unwrap_or(self).find(id))]
    fn of_a_field(&self, id: u64) -> u64 {
        id
    }

    #[invalidate(Self::all(), key = "all")]
    fn create() -> Self {
        Self::default()
    }
}

pub trait Change {
    fn change(&self, id: u64) -> impl Future<Output = Result<u64, String>> + Send;
}

impl Change for Users {
    #[invalidate(self.find(id), |changed| self.find(*changed))]
    async fn change(&self, id: u64) -> Result<u64, String> {
        Ok(id)
    }
}

#[tokio::test]
async fn works() {
    let mut users = Users::create();
    assert_eq!(users.find(1).await, 1);
    users.by_mutable_reference(0);
    assert!(users.other.is_none());
    assert_eq!(users.by_reference(1).await, 1);
    assert_eq!(users.find_entry(1).peek(), None);
    assert_eq!(users.change(1).await, Ok(1));
    assert_eq!(users.of_a_field(1), 1);
    let users = Arc::new(users.by_value(1));
    assert_eq!(users.by_arc(1).await.tenant, 0);
}
