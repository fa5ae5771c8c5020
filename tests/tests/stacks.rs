//! The contract suite on stacks over real servers.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::testing::Subject;
use cachestack::{
    Layer, MemcachedBackend, MemoryBackend, PostgresBackend, RedisBackend, TieredCache,
    contract_tests,
};
use cachestack_tests::servers::{Memcached, Postgres, Redis};

static REDIS: LazyLock<Redis> = LazyLock::new(Redis::start);
static POSTGRES: LazyLock<Postgres> = LazyLock::new(Postgres::start);
/// It takes what the others take: what one layer alone refuses as too large is an error, and kept by the others.
static MEMCACHED: LazyLock<Memcached> = LazyLock::new(|| {
    Memcached::builder()
        .args(["-I", "16m", "-m", "256"])
        .start()
});

/// What operations may take on a machine that runs all of these tests at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// A namespace that no other test has.
fn own() -> String {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    format!("stack{}", LAST.fetch_add(1, Ordering::Relaxed))
}

fn redis() -> Layer {
    let builder = RedisBackend::builder(REDIS.dsn()).namespace(own());
    patient(builder.timeout(PATIENCE).build().unwrap())
}

fn postgres() -> Layer {
    let builder = PostgresBackend::builder(POSTGRES.dsn()).namespace(own());
    let builder = builder.max_pool_size(2).timeout(PATIENCE);
    patient(builder.connect_timeout(PATIENCE).build().unwrap())
}

fn memcached() -> Layer {
    let builder = MemcachedBackend::builder(MEMCACHED.dsn()).namespace(own());
    let builder = builder.max_item_bytes(16 << 20);
    patient(builder.timeout(PATIENCE).build().unwrap())
}

fn patient(backend: impl cachestack::Backend) -> Layer {
    Layer::new(backend).deadline(2 * PATIENCE)
}

fn stack(layers: impl IntoIterator<Item = Layer>) -> Subject {
    let builder = TieredCache::builder();
    let builder = layers
        .into_iter()
        .fold(builder, |it, layer| it.layer(layer));
    Subject::new(builder.build().unwrap())
}

fn memory() -> Layer {
    Layer::new(MemoryBackend::default())
}

contract_tests!(memory_over_postgres, || async {
    stack([memory(), postgres()])
});
contract_tests!(memory_over_memcached, || async {
    stack([memory(), memcached()])
});
contract_tests!(redis_over_postgres, || async {
    stack([redis(), postgres()])
});
contract_tests!(memory_over_redis_over_postgres, || async {
    stack([memory(), redis(), postgres()])
});
