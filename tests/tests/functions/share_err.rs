//! `share_err = ...`, and what errors are shared without it.

use std::io;
use std::num::ParseIntError;

use cachestack::cached;

use super::{Runs, cache};

/// Gives way until those who were called at the same time wait.
async fn give_way() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_error_made_anew_goes_to_those_who_wait() {
    static RUNS: Runs = Runs::none();

    #[cached(share_err = |e: &io::Error| io::Error::new(e.kind(), "another"))]
    async fn fails() -> io::Result<u64> {
        RUNS.one_more();
        give_way().await;
        Err(io::Error::new(io::ErrorKind::NotFound, "the first"))
    }

    let all = async {
        let (one, two) = tokio::join!(fails(), fails());
        assert_eq!(one.unwrap_err().to_string(), "the first");
        let two = two.unwrap_err();
        assert_eq!(
            (two.kind(), two.to_string().as_str()),
            (io::ErrorKind::NotFound, "another")
        );
        assert_eq!(RUNS.count(), 1);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn an_error_that_cannot_be_cloned_stays_with_its_caller() {
    static RUNS: Runs = Runs::none();

    #[cached]
    async fn fails() -> io::Result<u64> {
        RUNS.one_more();
        give_way().await;
        Err(io::Error::other("no"))
    }

    let all = async {
        let (one, two) = tokio::join!(fails(), fails());
        assert!(one.is_err() && two.is_err());
        assert_eq!(RUNS.count(), 2);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn a_generic_error_is_shared_only_where_its_bound_says_clone() {
    static SHARED: Runs = Runs::none();
    static UNSHARED: Runs = Runs::none();

    #[cached(companions = false)]
    async fn shared<E: From<String> + Clone + Send + Sync + 'static>() -> Result<u64, E> {
        SHARED.one_more();
        give_way().await;
        Err("no".to_owned().into())
    }
    #[cached(companions = false)]
    async fn unshared<E: From<String> + Send + Sync + 'static>() -> Result<u64, E> {
        UNSHARED.one_more();
        give_way().await;
        Err("no".to_owned().into())
    }

    let all = async {
        let _ = tokio::join!(shared::<String>(), shared::<String>());
        let _ = tokio::join!(unshared::<String>(), unshared::<String>());
        assert_eq!((SHARED.count(), UNSHARED.count()), (1, 2));
    };
    cache().scope(all).await;
}

#[test]
fn a_path_may_make_the_error() {
    fn again(error: &ParseIntError) -> ParseIntError {
        error.clone()
    }

    #[cached(share_err = again)]
    fn parse(text: &str) -> Result<u64, ParseIntError> {
        text.parse()
    }

    cache().sync_scope(|| {
        parse("x").unwrap_err();
        assert_eq!(parse("1"), Ok(1));
    });
}
