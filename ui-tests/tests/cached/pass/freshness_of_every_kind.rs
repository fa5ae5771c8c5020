use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use cachestack::{Cache, EntryOptions, Timeout, cached};

#[derive(Debug)]
struct DbError;

impl From<Timeout> for DbError {
    fn from(_: Timeout) -> Self {
        Self
    }
}

#[derive(Clone)]
pub struct Db {
    times: Duration,
}

#[cached(
    ttl = 60,
    stale_while_revalidate = "30s",
    stale_if_error = 3600,
    refresh_ahead = 0.8,
    timeout = "200ms",
    hard_timeout = 2,
    jitter = 0.1
)]
async fn all(id: u64, name: &str, #[cached(skip)] db: &Db) -> Result<u64, DbError> {
    let _ = (name, db);
    Ok(id)
}

impl Db {
    #[cached(ttl = 60, background, skip(self))]
    pub fn sync(&self, id: u64, names: &[String]) -> u64 {
        id + names.len() as u64 + self.times.as_secs()
    }

    #[cached(ttl = 60, stale_while_revalidate = Duration::from_secs(id), skip(self))]
    pub async fn shared<T: serde::Serialize + Send + 'static>(
        self: Arc<Self>,
        id: u64,
        more: T,
    ) -> u64 {
        let _ = more;
        id
    }
}

// What stays in its caller's place need not be `Send`.
#[cached(ttl = 60, stale_if_error = 60, jitter = 0, hard_timeout)]
async fn here(id: u64) -> Result<u64, Box<dyn std::error::Error + Send + Sync>> {
    let id = Rc::new(id);
    std::future::ready(()).await;
    Ok(*id)
}

/// Futures of calls by hand can be spawned, whatever they borrow.
pub fn spawned(cache: Arc<Cache>, name: String) -> impl Future<Output = usize> + Send + 'static {
    async move {
        let length = || async { name.len() };
        let one = cache.get_or_compute("one", None, length).await;
        let name = name.clone();
        let options = EntryOptions::new().stale_while_revalidate(Duration::from_secs(1));
        let two = cache.get_or_compute("two", options, move || async move { name.len() });
        one + two.await
    }
}

#[test]
fn works() {
    let db = Db {
        times: Duration::ZERO,
    };
    let cache = Cache::from(cachestack::MemoryBackend::default());
    cache.sync_scope(|| assert_eq!(db.sync(1, &[]), 1));
}
