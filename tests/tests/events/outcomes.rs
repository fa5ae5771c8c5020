//! Each outcome: told once, with its function, and counted by function and by cache.

use cachestack::{Cache, Outcome, cached, functions, invalidate};
use cachestack_tests::Shelf;
use serde::Serialize;
use serde::ser::{Error as _, Serializer};

use super::{Heard, give_way, heard};

#[test]
fn a_miss_is_computed_and_then_a_hit() {
    #[cached(name = "outcomes.double")]
    fn double(x: u64) -> u64 {
        x * 2
    }

    let (cache, heard) = heard();
    cache.sync_scope(|| (double(4), double(4)));
    let [computed, hit] = &heard.take()[..] else {
        panic!("two events")
    };
    assert_eq!(
        (computed.outcome, hit.outcome),
        (Outcome::Computed, Outcome::Hit)
    );
    for told in [computed, hit] {
        assert_eq!(told.function.as_deref(), Some("outcomes.double"));
        assert_eq!(told.namespace, "shop");
        assert_eq!(told.key.as_deref(), Some("outcomes.double(4u64)"));
    }
    assert!(computed.took.is_some() && hit.took.is_none());
    assert_eq!(computed.layer, None);
    assert_eq!(hit.layer, Some((0, String::from("memory"))));
    let stats = double::entries().stats();
    assert_eq!((stats.hits, stats.computed), (1, 1));
    assert_eq!(stats.hits_by_layer, [1]);
}

#[tokio::test]
async fn an_async_call_tells_the_same() {
    #[cached]
    async fn double(x: u64) -> u64 {
        x * 2
    }

    let (cache, heard) = heard();
    let all = async { (double(4).await, double(4).await) };
    cache.scope(all).await;
    assert_eq!(heard.outcomes(), [Outcome::Computed, Outcome::Hit]);
}

#[tokio::test]
async fn a_call_by_hand_has_no_function() {
    let (cache, heard) = heard();
    let by_hand = || cache.get_or_compute("k", None, || async { 1 });
    assert_eq!((by_hand().await, by_hand().await), (1, 1));
    let sync = cache.blocking();
    let failed: Result<u64, _> = sync.get_or_try_compute("f", None, || Err("no"));
    assert_eq!(failed, Err("no"));
    let told = heard.take();
    let outcomes = told.iter().map(|told| told.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes, [Outcome::Computed, Outcome::Hit, Outcome::Failed]);
    assert!(told.iter().all(|told| told.function.is_none()));
    assert_eq!(told[0].key.as_deref(), Some("k"));
    assert_eq!(sync.stats().unwrap().failed, 1);
}

#[test]
fn an_err_is_told_as_failed_and_not_as_computed() {
    #[cached]
    fn fails() -> Result<u64, String> {
        Err(String::from("no"))
    }

    let (cache, heard) = heard();
    cache.sync_scope(|| fails().unwrap_err());
    let told = heard.take();
    assert_eq!((told.len(), told[0].outcome), (1, Outcome::Failed));
    assert!(told[0].took.is_some());
    let stats = fails::entries().stats();
    assert_eq!((stats.computed, stats.failed), (1, 1));
    assert_eq!(cache.blocking().stats().unwrap().failed, 1);
}

#[test]
fn a_failure_that_is_kept_is_a_hit() {
    #[cached(error_ttl = 60)]
    fn fails() -> Result<u64, String> {
        Err(String::from("no"))
    }

    let (cache, heard) = heard();
    cache.sync_scope(|| (fails().unwrap_err(), fails().unwrap_err()));
    assert_eq!(heard.outcomes(), [Outcome::Failed, Outcome::Hit]);
    assert_eq!(fails::entries().stats().hits, 1);
}

#[tokio::test]
async fn who_takes_anothers_result_is_coalesced() {
    #[cached]
    async fn double(x: u64) -> u64 {
        give_way().await;
        x * 2
    }
    #[cached]
    async fn fails() -> Result<u64, String> {
        give_way().await;
        Err(String::from("no"))
    }

    let (cache, heard) = heard();
    let both = async { tokio::join!(double(4), double(4)) };
    assert_eq!(cache.scope(both).await, (8, 8));
    let mut outcomes = heard.outcomes();
    outcomes.sort_by_key(|outcome| outcome.as_str());
    assert_eq!(outcomes, [Outcome::Coalesced, Outcome::Computed]);
    assert_eq!(double::entries().stats().coalesced, 1);

    let both = async { tokio::join!(fails(), fails()) };
    cache.scope(both).await.0.unwrap_err();
    let mut outcomes = heard.outcomes();
    outcomes.sort_by_key(|outcome| outcome.as_str());
    assert_eq!(outcomes, [Outcome::Coalesced, Outcome::Failed]);
    assert_eq!(cache.stats().await.unwrap().coalesced, 2);
}

#[tokio::test]
async fn who_cannot_take_anothers_failure_computes_and_is_told_so() {
    #[cached(key = "outcomes:shared")]
    async fn text() -> Result<u64, String> {
        give_way().await;
        Err(String::from("no"))
    }
    #[cached(key = "outcomes:shared")]
    async fn number() -> Result<u64, u8> {
        Err(7)
    }

    let (cache, heard) = heard();
    let both = async { tokio::join!(text(), number()) };
    assert_eq!(cache.scope(both).await, (Err(String::from("no")), Err(7)));
    assert_eq!(heard.outcomes(), [Outcome::Failed, Outcome::Computed]);
    let stats = number::entries().stats();
    assert_eq!((stats.computed, stats.coalesced), (1, 0));
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.computed, stats.coalesced), (2, 0));
}

#[test]
fn a_bypassed_call_is_told_and_listed() {
    #[cached(name = "outcomes.bypassed", bypass = true)]
    fn double(x: u64) -> u64 {
        x * 2
    }

    let (cache, heard) = heard();
    cache.sync_scope(|| double(4));
    assert_eq!(heard.outcomes(), [Outcome::Bypassed]);
    assert_eq!(double::entries().stats().bypassed, 1);
    assert_eq!(cache.blocking().stats().unwrap().bypassed, 1);
    assert!(
        functions()
            .iter()
            .any(|(name, _)| name == "outcomes.bypassed")
    );
}

#[test]
fn a_refresh_is_told_beside_how_the_call_ended() {
    #[cached]
    fn double(x: u64) -> u64 {
        x * 2
    }

    let (cache, heard) = heard();
    cache.sync_scope(|| (double(4), double::refresh(4)));
    assert_eq!(
        heard.outcomes(),
        [Outcome::Computed, Outcome::Refreshed, Outcome::Computed]
    );
    let stats = double::entries().stats();
    assert_eq!((stats.refreshed, stats.computed), (1, 2));
    assert_eq!(cache.blocking().stats().unwrap().refreshed, 1);
}

#[test]
fn a_value_that_its_condition_refuses_is_told_beside() {
    #[cached(condition = Option::is_some)]
    fn none() -> Option<u64> {
        None
    }

    let (cache, heard) = heard();
    cache.sync_scope(none);
    assert_eq!(heard.outcomes(), [Outcome::Computed, Outcome::Refused]);
    assert_eq!(none::entries().stats().refused, 1);
    assert_eq!(cache.blocking().stats().unwrap().refused, 1);
}

#[tokio::test]
async fn a_value_that_was_invalidated_meanwhile_is_fenced_off() {
    #[cached]
    async fn double(x: u64) -> u64 {
        double::entry(x).invalidate().await.unwrap();
        x * 2
    }

    let (cache, heard) = heard();
    assert_eq!(cache.scope(double(4)).await, 8);
    let told = heard.take();
    let outcomes = told.iter().map(|told| told.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes, [Outcome::Computed, Outcome::Fenced]);
    assert!(told[1].function.as_deref().unwrap().ends_with("::double"));
    assert_eq!(double::entries().stats().fenced, 1);
    let stats = cache.stats().await.unwrap();
    assert_eq!((stats.fenced, stats.stack.fenced), (1, 1));
}

#[tokio::test]
async fn a_store_that_fails_fails_open() {
    #[cached]
    async fn double(x: u64) -> u64 {
        x * 2
    }

    let (heard, shelf) = (Heard::default(), Shelf::new());
    let cache = heard.of(Cache::builder().layer(shelf.clone()));
    shelf.set_broken(true);
    assert_eq!(cache.scope(double(4)).await, 8);
    let told = heard.take();
    assert_eq!(told[0].outcome, Outcome::FailedOpen);
    assert_eq!(told[1].outcome, Outcome::Computed);
    let failures = told.iter().filter(|it| it.outcome == Outcome::FailedOpen);
    let failures = failures.count() as u64;
    assert!(told.iter().all(|it| it.function == told[0].function));
    assert!(told[0].function.as_deref().unwrap().ends_with("::double"));
    assert_eq!(double::entries().stats().failed_open, failures);
    assert_eq!(cache.stats().await.unwrap().failed_open, failures);
}

#[test]
fn a_call_without_a_cache_is_uncached() {
    struct Unwritable;
    impl Serialize for Unwritable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom("no"))
        }
    }

    #[cached]
    fn by(_: &Unwritable) -> u64 {
        1
    }
    #[cached]
    fn one() -> u64 {
        1
    }
    #[cached(cache = "outcomes.nobody configures it", name = "outcomes.unnamed")]
    fn unnamed() -> u64 {
        1
    }

    let (cache, heard) = heard();
    cache.sync_scope(|| by(&Unwritable));
    let told = heard.take();
    assert_eq!((told.len(), told[0].outcome), (1, Outcome::Uncached));
    assert!(told[0].function.is_some() && told[0].key.is_none());
    assert_eq!(by::entries().stats().uncached, 1);

    cache.blocking().close().unwrap();
    cache.sync_scope(|| (one(), one::refresh()));
    let mut told = heard.outcomes();
    told.retain(|outcome| outcome.ends_call());
    assert_eq!(told, [Outcome::Uncached; 2]);
    let stats = one::entries().stats();
    assert_eq!((stats.uncached, stats.computed), (2, 0));

    unnamed();
    assert_eq!(unnamed::entries().stats().uncached, 1);
    assert!(
        functions()
            .iter()
            .any(|(name, _)| name == "outcomes.unnamed")
    );
}

#[test]
fn a_tag_that_cannot_be_written_makes_the_call_uncached() {
    #[derive(Serialize)]
    struct Undisplayable;
    impl std::fmt::Display for Undisplayable {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }

    #[cached(tags = ["tag:{tag}"])]
    fn one(tag: &Undisplayable) -> u64 {
        let _ = tag;
        1
    }

    let (cache, heard) = heard();
    cache.sync_scope(|| one(&Undisplayable));
    assert_eq!(heard.outcomes(), [Outcome::Uncached]);
    assert_eq!(one::entries().stats().uncached, 1);
}

#[tokio::test]
async fn an_invalidation_that_a_layer_did_not_take_is_late() {
    #[invalidate(key = "k")]
    async fn change() {}

    let (heard, shelf) = (Heard::default(), Shelf::new());
    let cache = heard.of(Cache::builder().layer(shelf.clone()));
    shelf.set_broken(true);
    cache.scope(change()).await;
    assert_eq!(heard.outcomes(), [Outcome::Late]);
    assert_eq!(cache.stats().await.unwrap().late, 1);
}

#[test]
fn a_name_of_several_parts_is_that_of_the_list() {
    struct Users;
    impl Users {
        #[cached(skip(self), version = 2)]
        fn named<T: ToString + serde::Serialize>(&self, it: T) -> String {
            it.to_string()
        }
    }

    let (cache, heard) = heard();
    cache.sync_scope(|| (Users.named(1_u8), Users.named(1_u16), Users.named(1_u8)));
    let told = heard.take();
    assert_eq!(told.len(), 3);
    let names: Vec<_> = told.iter().map(|it| it.function.clone().unwrap()).collect();
    assert_eq!(names[0], names[2]);
    assert_ne!(names[0], names[1]);
    for name in names {
        assert!(functions().iter().any(|(it, _)| *it == name), "{name}");
    }
}

#[test]
fn a_computation_that_panics_is_counted_and_tells_nothing() {
    #[cached]
    fn panics() -> u64 {
        panic!("as this test wants")
    }

    let (cache, heard) = heard();
    let run = std::panic::AssertUnwindSafe(|| cache.sync_scope(panics));
    std::panic::catch_unwind(run).unwrap_err();
    assert_eq!(heard.outcomes(), []);
    let stats = panics::entries().stats();
    assert_eq!((stats.computed, stats.computing.count), (1, 0));
}

#[tokio::test]
async fn what_is_done_by_hand_is_no_event() {
    #[cached]
    async fn number() -> u64 {
        1
    }

    let (cache, heard) = heard();
    cache.set("k", 1, None).await.unwrap();
    cache.get::<u64>("k").await.unwrap();
    cache.delete("k").await.unwrap();
    let entry = cache.sync_scope(number::entry);
    entry.put(2).await.unwrap();
    assert_eq!(entry.peek(), Some(2));
    entry.invalidate().await.unwrap();
    assert_eq!(heard.outcomes(), []);
    assert_eq!(cache.scope(number()).await, 1);
    assert_eq!(heard.outcomes(), [Outcome::Computed]);
}

#[tokio::test]
async fn a_put_of_a_mutation_that_fails_has_no_function() {
    #[cached]
    async fn number() -> u64 {
        1
    }
    #[invalidate(put = |_| number())]
    async fn change() -> u64 {
        2
    }

    let (heard, shelf) = (Heard::default(), Shelf::new());
    let cache = heard.of(Cache::builder().layer(shelf.clone()));
    cache.scope(number()).await;
    heard.take();
    shelf.set_broken(true);
    cache.scope(change()).await;
    let told = heard.take();
    assert!(told.iter().any(|it| it.outcome == Outcome::FailedOpen));
    assert!(told.iter().all(|it| it.function.is_none()), "{told:?}");
}
