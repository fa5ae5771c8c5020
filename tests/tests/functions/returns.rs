//! What is kept of return types of every kind.

use std::sync::Arc;

use cachestack::{Cache, FileBackend, cached};

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
fn what_is_behind_an_arc_is_stored_as_itself() {
    static RUNS: Runs = Runs::none();
    /// Not even `Clone`.
    #[derive(serde::Serialize, serde::Deserialize)]
    struct User {
        id: u64,
    }

    #[cached]
    fn user(id: u64) -> Arc<User> {
        RUNS.one_more();
        Arc::new(User { id })
    }
    #[cached]
    async fn asked(id: u64) -> std::io::Result<Arc<User>> {
        RUNS.one_more();
        Ok(Arc::new(User { id }))
    }

    let folder = tempfile::tempdir().unwrap();
    let cache = || Cache::from(FileBackend::builder(folder.path()).build().unwrap());
    for _ in 0..2 {
        cache().sync_scope(|| assert_eq!(user(1).id, 1));
        let scoped = cache();
        let asked = futures_executor::block_on(scoped.scope(asked(2)));
        assert_eq!(asked.unwrap().id, 2);
    }
    assert_eq!(RUNS.count(), 2);
    // Memory gives out the same one.
    super::cache().sync_scope(|| assert!(Arc::ptr_eq(&user(1), &user(1))));
}

#[tokio::test]
async fn results_are_known_by_type_and_not_by_name() {
    static RUNS: Runs = Runs::none();

    mod own {
        pub(super) type Answer<T> = std::result::Result<T, String>;
        /// A `Result` by another name, of another crate's kind.
        pub(super) type Fallible = std::io::Result<u64>;
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        pub(super) struct Outcome(pub(super) std::result::Result<u8, u8>);
    }

    #[cached]
    async fn answer() -> own::Answer<Option<u64>> {
        RUNS.one_more();
        Err("no".to_owned())
    }
    #[cached]
    fn fallible() -> own::Fallible {
        RUNS.one_more();
        Err(std::io::Error::other("no"))
    }
    #[cached]
    fn outcome() -> own::Outcome {
        RUNS.one_more();
        own::Outcome(Err(1))
    }

    let all = async {
        for _ in 0..2 {
            answer().await.unwrap_err();
            fallible().unwrap_err();
            assert_eq!(outcome(), own::Outcome(Err(1)));
        }
        assert_eq!(RUNS.count(), 5);
        // Behind an alias the handle is of the whole return type.
        assert_eq!(answer::entry().peek(), None);
        answer::entry().put(Ok(Some(1))).await.unwrap();
        assert_eq!(answer().await, Ok(Some(1)));
    };
    cache().scope(all).await;
}
