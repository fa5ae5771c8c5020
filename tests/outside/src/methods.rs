//! Methods and trait impls.

use my_cache::{cached, invalidate, Cache};

/// A repository.
pub trait Repo {
    /// Finds.
    fn find(&self, id: u64) -> Option<u64>;
    /// Counts.
    fn count(&self) -> usize;
}

/// Of a tenant.
#[derive(Debug, Clone)]
pub struct Users {
    tenant: u64,
    cache: Cache,
}

#[cached(crate = my_cache)]
impl Repo for Users {
    #[cached(key = "users:{self.tenant}:{id}")]
    fn find(&self, id: u64) -> Option<u64> {
        id.checked_sub(self.tenant)
    }

    #[cached(skip(self), companions = false)]
    fn count(&self) -> usize {
        7
    }
}

#[cached(crate = my_cache, companions = ManyEntries)]
impl<T: Send> Repo for Vec<T> {
    #[cached(skip(self))]
    fn find(&self, id: u64) -> Option<u64> {
        Some(id)
    }

    fn count(&self) -> usize {
        self.len()
    }
}

impl Users {
    /// One.
    #[must_use]
    pub fn new(tenant: u64, cache: Cache) -> Self {
        Self { tenant, cache }
    }

    /// In its own cache.
    #[cached(crate = my_cache, cache = self.cache, skip(self))]
    pub async fn own(&self, id: u64) -> u64 {
        id
    }

    /// All.
    #[must_use]
    #[cached(crate = my_cache, associated, local)]
    pub fn all() -> u64 {
        1
    }

    /// Forgets.
    #[invalidate(crate = my_cache, self.find(id), self.own, Self::all())]
    pub fn forget(&self, id: u64) {}
}

#[test]
fn works() {
    let cache = Cache::builder().build().unwrap();
    let users = Users::new(1, cache.clone());
    cache.sync_scope(|| {
        assert_eq!((users.find(3), users.count()), (Some(2), 7));
        assert_eq!(users.find_entry(3).peek(), Some(Some(2)));
        assert_eq!(vec![1].find(2), Some(2));
        assert_eq!(vec![1].find_entry(2).peek(), Some(Some(2)));
        assert_eq!(Users::all(), 1);
        users.forget(3);
        assert_eq!(users.find_entry(3).peek(), None);
        drop(users.own(1));
    });
}
