//! What is kept of what a function returns, and where.

use std::sync::{Arc, LazyLock};

use cachestack::{Cache, cached};

use super::{Runs, cache};

#[test]
fn of_a_result_only_ok_is_kept() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
        RUNS.one_more();
        text.parse()
    }

    cache().sync_scope(|| {
        assert_eq!((parse("7"), parse("7")), (Ok(7), Ok(7)));
        assert_eq!(RUNS.count(), 1);
        assert!(parse("x").is_err() && parse("x").is_err());
        assert_eq!(RUNS.count(), 3);
    });
}

#[test]
fn a_result_behind_an_alias_is_known_as_one() {
    type Answer<T> = Result<T, String>;
    static RUNS: Runs = Runs::none();

    #[cached]
    fn answer(ok: bool) -> Answer<u32> {
        RUNS.one_more();
        if ok { Ok(1) } else { Err("no".into()) }
    }

    cache().sync_scope(|| {
        assert_eq!((answer(true), answer(true)), (Ok(1), Ok(1)));
        assert!(answer(false).is_err() && answer(false).is_err());
        assert_eq!(RUNS.count(), 3);
    });
}

#[tokio::test]
async fn none_is_a_value_like_any_other() {
    static RUNS: Runs = Runs::none();

    #[cached]
    async fn find(id: u32) -> Option<u32> {
        RUNS.one_more();
        (id > 0).then_some(id)
    }

    #[cached]
    async fn try_find(id: u32) -> Result<Option<u32>, String> {
        RUNS.one_more();
        Ok((id > 0).then_some(id))
    }

    let all = async {
        assert_eq!((find(0).await, find(0).await), (None, None));
        assert_eq!((find(1).await, find(1).await), (Some(1), Some(1)));
        assert_eq!(RUNS.count(), 2);
        assert_eq!(find::entry(0).peek(), Some(None));
        assert_eq!(try_find(0).await, Ok(None));
        assert_eq!(try_find(0).await, Ok(None));
        assert_eq!(RUNS.count(), 3);
    };
    cache().scope(all).await;
}

#[test]
fn a_condition_by_path_or_closure_decides_what_is_kept() {
    static RUNS: Runs = Runs::none();

    #[cached(condition = Option::is_some)]
    fn by_path(id: u32) -> Option<u32> {
        RUNS.one_more();
        (id > 0).then_some(id)
    }

    #[cached(condition = |name: &String| !name.is_empty())]
    fn by_closure(name: &str) -> Result<String, String> {
        RUNS.one_more();
        Ok(name.to_owned())
    }

    let cache = cache();
    cache.sync_scope(|| {
        assert_eq!((by_path(0), by_path(0)), (None, None));
        assert_eq!((by_path(1), by_path(1)), (Some(1), Some(1)));
        assert_eq!(RUNS.count(), 3);
        for _ in 0..2 {
            assert_eq!(by_closure(""), Ok(String::new()));
            assert_eq!(by_closure("a"), Ok(String::from("a")));
        }
        assert_eq!(RUNS.count(), 6);
    });
    assert_eq!(cache.blocking().stats().unwrap().refused, 4);
}

#[test]
fn a_condition_that_panics_leaves_no_flight_behind() {
    #[cached(condition = |it: &u32| panic!("{it}, as this test wants"))]
    fn number() -> u32 {
        7
    }

    let cache = cache();
    for _ in 0..2 {
        let call = std::panic::AssertUnwindSafe(|| cache.sync_scope(number));
        std::panic::catch_unwind(call).unwrap_err();
    }
    assert_eq!(cache.blocking().stats().unwrap().in_flight, 0);
}

#[test]
fn nothing_and_shared_values_can_be_kept() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn nothing() {
        RUNS.one_more();
    }

    #[cached]
    fn boxed(n: u32) -> Box<(u32, Vec<String>)> {
        RUNS.one_more();
        Box::new((n, vec![String::from("a")]))
    }

    cache().sync_scope(|| {
        nothing();
        nothing();
        assert_eq!(boxed(1), boxed(1));
        assert_eq!(RUNS.count(), 2);
    });
}

#[test]
fn the_cache_is_named_by_any_expression_that_holds_one() {
    static LAZY: LazyLock<Cache> = LazyLock::new(cache);
    static SHARED: LazyLock<Arc<Cache>> = LazyLock::new(|| Arc::new(cache()));

    #[cached(cache = LAZY)]
    fn lazy(x: u32) -> u32 {
        x
    }

    #[cached(cache = SHARED)]
    fn shared(x: u32) -> u32 {
        x
    }

    #[cached(cache = &*LAZY)]
    fn reference(x: u32) -> u32 {
        x
    }

    fn computed(cache: &Cache) -> u64 {
        cache.blocking().stats().unwrap().computed
    }
    for _ in 0..2 {
        lazy(1);
        shared(1);
        reference(1);
    }
    assert_eq!((computed(&LAZY), computed(&SHARED)), (2, 1));
}

#[tokio::test]
async fn an_async_function_may_have_a_cache_of_its_own() {
    static OWN: LazyLock<Cache> = LazyLock::new(cache);

    #[cached(cache = OWN, ttl = 60)]
    async fn own(x: u32) -> u32 {
        tokio::task::yield_now().await;
        x
    }

    tokio::spawn(async { (own(1).await, own(1).await) })
        .await
        .unwrap();
    assert_eq!(OWN.stats().await.unwrap().computed, 1);
}
