use std::sync::{Arc, LazyLock};

use cachestack::{Cache, cached};

static LAZY: LazyLock<Cache> = LazyLock::new(|| Cache::builder().build().expect("a memory cache"));
static SHARED: LazyLock<Arc<Cache>> = LazyLock::new(|| Arc::new(LAZY.clone()));

fn cache() -> Cache {
    LAZY.clone()
}

pub struct App {
    cache: Cache,
}

#[cached(cache = LAZY)]
fn lazy(n: u64) -> u64 {
    n
}

#[cached(cache = &*LAZY)]
fn reference(n: u64) -> u64 {
    n
}

#[cached(cache = SHARED)]
async fn shared(n: u64) -> u64 {
    n
}

#[cached(cache = cache())]
fn by_value(n: u64) -> u64 {
    n
}

#[tokio::test]
async fn works() {
    let app = App { cache: cache() };
    assert_eq!(lazy(1) + reference(1) + shared(1).await + by_value(1), 4);
    assert_eq!(shared::entry(1).peek(), Some(1));
    drop(app.cache);
}
