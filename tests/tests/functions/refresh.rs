//! `refresh = ...`, and the companion that does the same once.

use cachestack::cached;

use super::{Runs, cache};

#[test]
fn a_refresh_computes_and_stores_for_all() {
    static RUNS: Runs = Runs::none();

    #[cached(refresh = fresh)]
    fn number(id: u64, fresh: bool) -> (u64, usize) {
        (id, RUNS.one_more())
    }

    cache().sync_scope(|| {
        assert_eq!(number(1, false), (1, 0));
        assert_eq!(number(1, true), (1, 1));
        assert_eq!(number(1, false), (1, 1));
        // `fresh` only decides: it is not part of the key.
        assert_eq!(number::entry(1).peek(), Some((1, 1)));
        assert_eq!(number::entries().stats().refreshed, 1);
    });
}

#[test]
fn an_argument_that_is_something_to_the_body_stays_in_the_key() {
    #[cached(refresh = fresh)]
    fn number(fresh: bool) -> bool {
        fresh
    }
    #[cached(refresh = level > 8)]
    fn captured(level: u8) -> String {
        format!("{level}")
    }

    cache().sync_scope(|| {
        assert_eq!((number(true), number(false)), (true, false));
        assert_eq!(number::entry(true).peek(), Some(true));
        assert_eq!((captured(9), captured(1)), ("9".to_owned(), "1".to_owned()));
    });
}

#[tokio::test]
async fn the_companion_refreshes_one_call() {
    static RUNS: Runs = Runs::none();

    #[cached(ttl = 60)]
    async fn number(id: u64) -> Result<(u64, usize), String> {
        tokio::task::yield_now().await;
        Ok((id, RUNS.one_more()))
    }

    let all = async {
        assert_eq!(number(1).await, Ok((1, 0)));
        assert_eq!(number::refresh(1).await, Ok((1, 1)));
        assert_eq!(number(1).await, Ok((1, 1)));
    };
    cache().scope(all).await;
}

#[test]
fn a_refresh_that_fails_leaves_what_was_there() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn number() -> Result<usize, String> {
        match RUNS.one_more() {
            0 => Ok(0),
            _ => Err("no".to_owned()),
        }
    }

    cache().sync_scope(|| {
        assert_eq!(number(), Ok(0));
        number::refresh().unwrap_err();
        assert_eq!(number(), Ok(0));
    });
}
