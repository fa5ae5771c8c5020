use cachestack::cached;

pub trait Repo {
    type Item;
    const SIZE: u64;
    fn find(&self, id: u64) -> impl Future<Output = Option<Self::Item>> + Send;
    fn all(&self) -> Vec<Self::Item>;
    fn none() -> Self
    where
        Self: Sized;
}

pub struct Users {
    tenant: u64,
}

#[cached]
impl Repo for Users {
    type Item = u64;
    const SIZE: u64 = 3;

    #[cached(ttl = 60, key = "{self.tenant}:{id}")]
    async fn find(&self, id: u64) -> Option<Self::Item> {
        self.all().into_iter().find(|it| *it == id)
    }

    /// Of the block's constants.
    #[cached(skip(self))]
    fn all(&self) -> Vec<Self::Item> {
        (0..<Self as Repo>::SIZE).collect()
    }

    fn none() -> Self {
        Self { tenant: 0 }
    }
}

#[tokio::test]
async fn works() {
    let users = Users::none();
    assert_eq!(users.find(1).await, Some(1));
    assert_eq!(users.find_entry(1).peek(), Some(Some(1)));
    assert_eq!(users.all().len(), 3);
    assert_eq!(users.all_uncached().len(), 3);
}
