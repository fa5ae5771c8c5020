//! The thread of the stores on servers: there when it is needed, and only then. A test of its own process, as all
//! backends of a process share it.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::time::Duration;

use cachestack::{Backend, Cache, MemcachedBackend, PostgresBackend, RedisBackend};
use cachestack_backends::runtime::{block_on, io};
use cachestack_tests::servers::Redis;
use cachestack_tests::{eventually, within};

#[test]
fn it_starts_with_the_first_operation_and_ends_with_the_last_backend() {
    within(Duration::from_secs(60), || {
        let server = Redis::start();
        let redis = RedisBackend::builder(server.dsn()).build().unwrap();
        let other = RedisBackend::builder(server.dsn()).build().unwrap();
        let postgres = PostgresBackend::builder("postgresql://127.0.0.1:1/none").build();
        let memcached = MemcachedBackend::builder("127.0.0.1:1").build();
        assert!(!io().is_running(), "nothing was asked of a server yet");

        let cache = Cache::from(redis.clone()).blocking();
        cache.set("k", 1, None).unwrap();
        assert!(io().is_running());
        let twin = Cache::from(other.clone()).blocking();
        assert_eq!(twin.get::<i32>("k").unwrap(), Some(1));
        block_on(other.close()).unwrap();
        assert_eq!(cache.get::<i32>("k").unwrap(), Some(1), "one goes on");
        block_on(redis.close()).unwrap();
        eventually(|| !io().is_running());

        // Dropped inside of a runtime, in place of a close, and started anew.
        let again = RedisBackend::builder(server.dsn()).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async move {
            let cache = Cache::from(again);
            assert_eq!(cache.get::<i32>("k").await.unwrap(), Some(1));
            assert!(io().is_running());
        });
        eventually(|| !io().is_running());
        drop((postgres, memcached));
    });
}
