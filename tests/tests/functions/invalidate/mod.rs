//! `#[invalidate]`: what is deleted, when, and where.

mod always;
mod before;
mod cache;
mod condition;
mod key;
mod keys;
mod put;
mod result;
mod tags;
mod targets;

use cachestack::{cached, invalidate};

use super::{Runs, cache};

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

#[tokio::test]
async fn several_attributes_do_what_each_of_them_says() {
    static RUNS: Runs = Runs::none();

    #[invalidate(name(id), always)]
    #[invalidate(profile(id, "en"), before)]
    #[invalidate(key = "profile:{id}:de")]
    async fn change(id: u64, ok: bool) -> Result<u64, String> {
        RUNS.one_more();
        assert_eq!(there(), [true, true, false, true]);
        if ok { Ok(id) } else { Err("no".into()) }
    }

    let all = async {
        fill().await;
        change(1, false).await.unwrap_err();
        assert_eq!(there(), [false, true, false, true]);
        fill().await;
        change(1, true).await.unwrap();
        assert_eq!(there(), [false, true, false, false]);
        assert_eq!(RUNS.count(), 2);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn a_mutation_may_return_a_future() {
    #[invalidate(name(id))]
    fn change(id: u64, ok: bool) -> impl Future<Output = Result<(), String>> + Send {
        async move {
            assert_eq!(there(), [true; 4]);
            ok.then_some(()).ok_or_else(|| "no".to_owned())
        }
    }
    #[invalidate(name(id))]
    fn boxed<'a>(id: &'a u64) -> std::pin::Pin<Box<dyn Future<Output = u64> + Send + 'a>> {
        Box::pin(async move { *id })
    }

    let all = async {
        fill().await;
        change(1, false).await.unwrap_err();
        assert_eq!(there(), [true; 4]);
        change(1, true).await.unwrap();
        assert_eq!(there(), [false, true, true, true]);
        assert_eq!(boxed(&2).await, 2);
        assert_eq!(there(), [false, false, true, true]);
    };
    cache().scope(all).await;
}
