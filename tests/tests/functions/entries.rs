//! The handle on one entry of a function.

use cachestack::{Cache, MemoryBackend, cached};
use cachestack_tests::Shelf;

use super::{Runs, cache};

#[tokio::test]
async fn a_handle_reads_writes_and_deletes_the_entry_of_a_call() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 60)]
    async fn name(id: u64) -> Result<String, String> {
        RUNS.one_more();
        Ok(format!("user {id}"))
    }

    let all = async {
        let entry = name::entry(7);
        assert!(entry.key().unwrap().ends_with("name(7u64)"));
        assert_eq!((entry.peek(), entry.get().await.unwrap()), (None, None));
        assert_eq!(RUNS.count(), 0);
        entry.put(String::from("Ada")).await.unwrap();
        assert_eq!(name(7).await.unwrap(), "Ada");
        assert_eq!(entry.peek().as_deref(), Some("Ada"));
        assert_eq!(entry.get().await.unwrap().as_deref(), Some("Ada"));
        entry.invalidate().await.unwrap();
        assert_eq!(name(7).await.unwrap(), "user 7");
        assert_eq!(entry.peek().as_deref(), Some("user 7"));
        assert_eq!(RUNS.count(), 1);
        assert_eq!(name::uncached(7).await.unwrap(), "user 7");
        assert_eq!(RUNS.count(), 2);
    };
    cache().scope(all).await;
}

#[test]
fn a_handle_blocks_for_sync_code() {
    #[cached]
    fn double(x: u64) -> u64 {
        x * 2
    }

    cache().sync_scope(|| {
        let entry = double::entry(4).blocking();
        assert_eq!(entry.get().unwrap(), None);
        entry.put(9).unwrap();
        assert_eq!((entry.get().unwrap(), double(4)), (Some(9), 9));
        entry.invalidate().unwrap();
        assert_eq!((entry.get().unwrap(), double(4)), (None, 8));
    });
}

#[tokio::test]
async fn peek_looks_only_where_it_does_not_have_to_wait() {
    #[cached]
    async fn double(x: u64) -> u64 {
        x * 2
    }

    let shelf = Shelf::new();
    Cache::from(shelf.clone()).scope(double(4)).await;
    let cache = Cache::builder().layer(MemoryBackend::default());
    let cache = cache.layer(shelf).build().unwrap();
    let entry = cache.sync_scope(|| double::entry(4));
    assert_eq!(entry.peek(), None);
    assert_eq!(entry.get().await.unwrap(), Some(8));
    cache.flush().await.unwrap();
    assert_eq!(entry.peek(), Some(8));
}

#[tokio::test]
async fn a_value_put_whatever_the_condition_says_is_there() {
    #[cached(condition = |it: &u64| *it > 0)]
    async fn number() -> u64 {
        1
    }

    let all = async {
        number::entry().put(0).await.unwrap();
        assert_eq!(number().await, 0);
    };
    cache().scope(all).await;
}

#[test]
fn debug_of_a_handle_shows_neither_arguments_nor_values() {
    #[cached]
    fn secret(_token: &str) -> String {
        String::from("hidden")
    }

    cache().sync_scope(|| {
        secret("hidden");
        let entry = secret::entry("hidden");
        assert!(!format!("{entry:?}").contains("hidden"));
        assert!(!format!("{:?}", entry.blocking()).contains("hidden"));
    });
}
