//! `#[invalidate]`: what is deleted, when, and where.

use std::sync::LazyLock;

use cachestack::{Cache, cached, invalidate};

use super::cache;

#[cached]
async fn name(id: u64) -> String {
    format!("name {id}")
}

#[cached(key = "profile:{id}:{lang}")]
fn profile(id: u64, lang: &str) -> String {
    format!("profile {id} {lang}")
}

async fn fill() {
    name(1).await;
    name(2).await;
    profile(1, "en");
    profile(1, "de");
}

/// Which of the entries are there.
fn there() -> [bool; 4] {
    let name = |id| name::entry(id).peek().is_some();
    let profile = |lang| profile::entry(1, lang).peek().is_some();
    [name(1), name(2), profile("en"), profile("de")]
}

#[tokio::test]
async fn an_async_mutation_deletes_all_it_names_and_nothing_else() {
    #[invalidate(name(id), profile(id, "en"), key = "profile:{id}:de")]
    async fn change(id: u64) {
        tokio::task::yield_now().await;
        assert_eq!(there(), [true; 4]);
    }

    let all = async {
        fill().await;
        change(1).await;
        assert_eq!(there(), [false, true, false, false]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn a_sync_mutation_does_the_same() {
    #[invalidate(name(id), key = "profile:{id}:en")]
    fn change(id: u64) -> &'static str {
        assert_eq!(there(), [true; 4]);
        "done"
    }

    let all = async {
        fill().await;
        assert_eq!(change(1), "done");
        assert_eq!(there(), [false, true, false, true]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn nothing_is_deleted_after_a_failure() {
    #[invalidate(name(id))]
    async fn change(id: u64, ok: bool) -> Result<u64, String> {
        if ok { Ok(id) } else { Err("no".into()) }
    }
    #[invalidate(name(id))]
    fn sync_change(id: u64, ok: bool) -> Result<u64, String> {
        if ok { Ok(id) } else { Err("no".into()) }
    }

    let all = async {
        fill().await;
        change(1, false).await.unwrap_err();
        sync_change(1, false).unwrap_err();
        assert_eq!(there(), [true; 4]);
        change(1, true).await.unwrap();
        sync_change(2, true).unwrap();
        assert_eq!(there(), [false, false, true, true]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn nothing_is_deleted_when_the_body_panics_or_is_dropped() {
    #[invalidate(name(id))]
    fn panics(id: u64) {
        panic!("{id}, as this test wants");
    }
    #[invalidate(name(id))]
    async fn waits(id: u64) {
        std::future::pending::<()>().await;
        panic!("{id}");
    }

    let all = async {
        fill().await;
        std::panic::catch_unwind(|| panics(1)).unwrap_err();
        tokio::select! {
            biased;
            () = waits(1) => {}
            () = std::future::ready(()) => {}
        }
        assert_eq!(there(), [true; 4]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn arguments_that_the_body_takes_for_itself_are_in_the_keys() {
    #[cached]
    async fn by_text(text: String) -> usize {
        text.len()
    }

    #[invalidate(by_text(text), key = "text:{text}")]
    async fn change(text: String) -> String {
        text + " is gone"
    }

    let cache = cache();
    cache
        .scope(async {
            by_text("it".into()).await;
            cache.set("text:it", 1, None).await.unwrap();
            assert_eq!(change("it".into()).await, "it is gone");
            assert_eq!(by_text::entry("it".into()).peek(), None);
            assert!(!cache.exists("text:it").await.unwrap());
        })
        .await;
}

#[tokio::test]
async fn keys_are_deleted_from_the_cache_that_is_named_and_targets_from_their_own() {
    static NAMED: LazyLock<Cache> = LazyLock::new(cache);
    static OWN: LazyLock<Cache> = LazyLock::new(cache);

    #[cached(cache = OWN)]
    async fn own(id: u64) -> u64 {
        id
    }

    #[invalidate(own(id), name(id), key = "k:{id}", cache = NAMED)]
    async fn change(id: u64) {}

    let scope = cache();
    for cache in [&*NAMED, &*OWN, &scope] {
        cache.set("k:1", 1, None).await.unwrap();
    }
    scope
        .scope(async {
            fill().await;
            own(1).await;
            change(1).await;
            assert_eq!(own::entry(1).peek(), None);
            assert_eq!(there(), [false, true, true, true]);
        })
        .await;
    assert!(!NAMED.exists("k:1").await.unwrap());
    assert!(OWN.exists("k:1").await.unwrap());
    assert!(scope.exists("k:1").await.unwrap());
}

#[tokio::test]
async fn keys_of_a_cache_by_name_are_deleted_in_it() {
    #[invalidate(key = "k:{id}", cache = "mutations")]
    fn change(id: u64) {}

    // Nobody has configured it; the mutation does not mind.
    change(1);
    let named = cache();
    cachestack::configure_named("mutations", named.clone()).unwrap();
    named.set("k:1", 1, None).await.unwrap();
    change(1);
    assert!(!named.exists("k:1").await.unwrap());
}

#[tokio::test]
async fn a_mutation_over_a_closed_cache_works() {
    #[invalidate(name(id))]
    async fn change(id: u64) -> u64 {
        id
    }

    let cache = cache();
    cache.close().await.unwrap();
    assert_eq!(cache.scope(change(1)).await, 1);
    assert_eq!(cache.stats().await.unwrap().late, 0);
}
