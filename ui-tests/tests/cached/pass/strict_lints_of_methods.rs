//! Methods in a crate that denies what it can.
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    unused_qualifications,
    unused_lifetimes,
    single_use_lifetimes,
    explicit_outlives_requirements,
    trivial_casts,
    let_underscore_drop,
    unit_bindings,
    unnameable_types,
    rust_2018_idioms,
    nonstandard_style
)]

use cachestack::{cached, invalidate};

/// Repo.
pub trait Repo {
    /// Finds.
    fn find(&self, id: u64) -> impl Future<Output = Option<String>> + Send;
}

/// Users.
#[derive(Debug, Clone, Copy)]
pub struct Users(u8);

#[cached]
impl Repo for Users {
    #[cached(key = "{self.0}:{id}", none_ttl = 1)]
    async fn find(&self, id: u64) -> Option<String> {
        Some(format!("{id}"))
    }
}

impl Users {
    /// Counts.
    #[cached(skip(self), tags = ["all"])]
    pub fn count(&self) -> u64 {
        1
    }

    #[cached(associated, local, ttl = |it: &u64| std::time::Duration::from_secs(*it))]
    fn all() -> u64 {
        1
    }

    /// Forgets.
    #[invalidate(self.count, self.find(id), Self::all(), |found| self.find(*found))]
    pub async fn forget(&self, id: u64) -> u64 {
        Self::all() + id
    }
}

#[tokio::test]
async fn works() {
    assert_eq!(Users(1).find(1).await.as_deref(), Some("1"));
    assert_eq!(Users(1).count(), 1);
    assert_eq!(Users(1).forget(1).await, 2);
}
