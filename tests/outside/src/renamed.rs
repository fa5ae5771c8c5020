//! The library by the name that this crate gave it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use my_cache::{cached, invalidate};
use serde::{Deserialize, Serialize};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its number.
    pub id: u64,
}

/// Finds a user.
///
/// # Errors
/// When there is none.
#[cached(crate = my_cache, ttl = 60, tags = ["user:{id}"], error_ttl = 1)]
pub async fn user(id: u64) -> Result<User, String> {
    match id {
        0 => Err("none".to_owned()),
        id => Ok(User { id }),
    }
}

/// A name.
#[must_use]
#[cached(crate = my_cache, key = "name:{id}:{lang}", none_ttl = 5, condition = Option::is_some)]
pub fn name(id: u64, lang: &str, #[cached(skip)] more: &mut Vec<u64>) -> Option<String> {
    more.push(id);
    Some(format!("{id} {lang}"))
}

/// Several.
#[must_use]
#[cached(crate = my_cache, refresh = fresh, ttl = |it: &Vec<u64>| Duration::from_secs(it.len() as u64))]
pub fn several(from: &[u64], more: Cow<'_, str>, shared: Arc<u64>, fresh: bool) -> Vec<u64> {
    let mut all = from.to_vec();
    all.push(more.len() as u64);
    all.push(*shared);
    all
}

/// Of any kind.
#[must_use]
#[cached(crate = my_cache)]
pub fn any_kind<T: Serialize, const N: usize>(value: &T, other: impl Serialize) -> usize {
    let _ = (value, other);
    N
}

/// Takes a while.
#[cached(crate = my_cache)]
pub fn future(id: u64) -> impl std::future::Future<Output = u64> + Send {
    async move { id }
}

/// Forgets.
///
/// # Errors
/// Never.
#[invalidate(crate = my_cache, user(id), key = "name:{id}:en", tags = ["user:{id}"], put = |it| user(it.id))]
pub async fn rename(id: u64) -> Result<User, String> {
    user::uncached(id).await
}

#[test]
fn works() {
    let cache = my_cache::Cache::builder().build().unwrap();
    cache.sync_scope(|| {
        let mut asked = Vec::new();
        for _ in 0..2 {
            assert_eq!(name(1, "en", &mut asked).as_deref(), Some("1 en"));
        }
        assert_eq!(asked, [1]);
        let (id, lang) = (1, "en");
        let key = my_cache::key!(crate = my_cache, "name:{id}:{lang}");
        assert_eq!(name::entry(1, "en").key().unwrap(), &*key);
        assert_eq!(several(&[1], "ab".into(), Arc::new(3), true), [1, 2, 3]);
        assert_eq!(any_kind::<_, 3>(&1, "a"), 3);
        drop((user(1), rename(1), future(1)));
    });
}
