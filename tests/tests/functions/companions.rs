//! `companions = ...`, and what comes with a function.

use cachestack::{TimeLeft, cached};

use super::{Runs, cache};

mod users {
    use cachestack::cached;

    #[cached(ttl = 60)]
    pub(super) async fn user(id: u64, lang: &str) -> Result<String, String> {
        Ok(format!("{id} {lang}"))
    }
}

#[tokio::test]
async fn one_use_brings_the_function_and_what_comes_with_it() {
    use users::user as found;

    let all = async {
        let entry = found::entry(1, "en");
        assert!(!entry.exists().await.unwrap());
        assert_eq!(found(1, "en").await.unwrap(), "1 en");
        assert!(entry.exists().await.unwrap());
        assert!(matches!(entry.ttl().await.unwrap(), TimeLeft::Left(it) if it.as_secs() >= 50));
        let stats = found::entries().stats();
        assert_eq!((stats.computed, stats.hits), (1, 0));
    };
    cache().scope(all).await;
}

#[test]
fn what_is_computed_without_the_cache_is_neither_stored_nor_counted() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn number(id: u64) -> u64 {
        RUNS.one_more();
        id
    }

    cache().sync_scope(|| {
        assert_eq!((number::uncached(1), RUNS.count()), (1, 1));
        assert_eq!(number::entry(1).peek(), None);
        assert_eq!(number::entries().stats().computed, 0);
        assert_eq!((number(1), RUNS.count()), (1, 2));
    });
}

#[tokio::test]
async fn all_entries_go_at_once() {
    #[cached]
    async fn number(id: u64) -> u64 {
        id
    }

    let all = async {
        for id in 0..20 {
            number(id).await;
        }
        number::entries().invalidate().await.unwrap();
        for id in 0..20 {
            assert_eq!(number::entry(id).peek(), None);
        }
        number(1).await;
        number::entries().blocking().invalidate().unwrap();
        assert_eq!(number::entry(1).peek(), None);
        number(1).await;
        assert_eq!(number::entry(1).peek(), Some(1));
    };
    cache().scope(all).await;
}

#[test]
fn they_may_have_another_name() {
    mod number {
        pub(super) const ONE: u64 = 1;
    }

    struct Numbers;

    #[cached(companions = number_cache)]
    fn number(id: u64) -> u64 {
        id
    }

    impl Numbers {
        #[cached(skip(self), companions = kept)]
        fn find(&self, id: u64) -> u64 {
            id
        }
    }

    cache().sync_scope(|| {
        assert_eq!(number(number::ONE), 1);
        assert_eq!(number_cache::entry(1).peek(), Some(1));
        assert_eq!(Numbers.find(2), 2);
        assert_eq!(Numbers.kept_entry(2).peek(), Some(2));
        assert_eq!(Numbers.kept_uncached(3), 3);
        assert_eq!(Numbers.kept_entries().stats().computed, 1);
    });
}

#[tokio::test]
async fn without_them_the_function_is_cached_all_the_same() {
    static RUNS: Runs = Runs::none();

    #[cached(companions = false)]
    fn number(id: u64) -> u64 {
        RUNS.one_more();
        id
    }

    #[cached(companions = false, key = "without:{id}")]
    async fn other(id: u64, #[cached(skip)] more: Vec<u64>) -> Result<u64, String> {
        RUNS.one_more();
        if more.is_empty() {
            return Err("none".to_owned());
        }
        let first = more.first().copied().ok_or("none")?;
        Ok(id + first)
    }

    let cache = cache();
    let all = async {
        assert_eq!((number(1), number(1)), (1, 1));
        assert_eq!(other(1, vec![1]).await, Ok(2));
        assert_eq!(other(1, vec![5]).await, Ok(2));
        assert_eq!(other(2, Vec::new()).await.unwrap_err(), "none");
        assert_eq!(RUNS.count(), 3);
    };
    cache.scope(all).await;
    // A template is the same text as by hand.
    assert_eq!(cache.get::<u64>("without:1").await.unwrap(), Some(2));
}
