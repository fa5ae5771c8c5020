//! What a computation in the background takes along, and when.

use std::path::Path;
use std::sync::Arc;

use cachestack::cached;

use super::{Runs, SECOND, in_time, with_clock};

/// Counts its clones.
struct Db {
    clones: Arc<Runs>,
    runs: Arc<Runs>,
}

impl Clone for Db {
    fn clone(&self) -> Self {
        self.clones.one_more();
        Self {
            clones: Arc::clone(&self.clones),
            runs: Arc::clone(&self.runs),
        }
    }
}

fn db() -> Db {
    Db {
        clones: Arc::new(Runs::none()),
        runs: Arc::new(Runs::none()),
    }
}

#[tokio::test]
async fn borrowed_arguments_are_cloned_only_when_a_refresh_starts() {
    #[cached(ttl = 10, stale_while_revalidate = 60)]
    async fn number(id: u64, #[cached(skip)] db: &Db) -> u64 {
        db.runs.one_more();
        id
    }

    let (cache, clock) = with_clock();
    let db = db();
    let all = async {
        for _ in 0..5 {
            number(1, &db).await;
        }
        assert_eq!(db.clones.count(), 0);
        clock.advance(10 * SECOND);
        for _ in 0..5 {
            number(1, &db).await;
        }
        cache.flush().await.unwrap();
        assert_eq!((db.clones.count(), db.runs.count()), (1, 2));
        clock.advance(100 * SECOND);
        number(1, &db).await;
        assert_eq!((db.clones.count(), db.runs.count()), (1, 3));
    };
    in_time(cache.scope(all)).await;
}

#[test]
fn with_a_timeout_they_are_cloned_when_an_old_value_is_at_hand() {
    #[cached(ttl = 10, stale_if_error = 60, timeout = 5)]
    fn number(id: u64, #[cached(skip)] db: &Db) -> Result<u64, String> {
        db.runs.one_more();
        Ok(id)
    }

    let (cache, clock) = with_clock();
    let db = db();
    cache.sync_scope(|| {
        number(1, &db).unwrap();
        assert_eq!((db.clones.count(), db.runs.count()), (0, 1));
        clock.advance(10 * SECOND);
        number(1, &db).unwrap();
        assert_eq!((db.clones.count(), db.runs.count()), (1, 2));
    });
}

#[test]
fn arguments_by_value_are_moved_and_need_no_clone() {
    #[derive(serde::Serialize)]
    struct Once(u64);

    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn number(id: Once, mut more: Vec<u64>) -> u64 {
        more.push(id.0);
        more.iter().sum()
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!(number(Once(1), vec![2]), 3);
        clock.advance(10 * SECOND);
        assert_eq!(number(Once(1), vec![2]), 3);
        cache.blocking().flush().unwrap();
        assert_eq!(number::entries().stats().computed, 2);
    });
}

#[test]
fn borrowed_arguments_of_many_kinds_go_along() {
    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn all(
        text: &str,
        bytes: &[u8],
        path: &Path,
        shared: &Arc<u64>,
        pair: &(u64, String),
        fixed: &'static str,
        (x, y): (u64, u64),
    ) -> String {
        format!(
            "{text}{bytes:?}{}{shared}{pair:?}{fixed}{x}{y}",
            path.display()
        )
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        let call = || {
            all(
                "a",
                b"b",
                Path::new("c"),
                &Arc::new(4),
                &(5, "e".to_owned()),
                "f",
                (7, 8),
            )
        };
        let first = call();
        clock.advance(10 * SECOND);
        assert_eq!(call(), first);
        cache.blocking().flush().unwrap();
        assert_eq!(call(), first);
        assert_eq!(all::entries().stats().computed, 2);
    });
}

#[derive(Clone)]
struct Repo {
    runs: Arc<Runs>,
}

impl Repo {
    #[cached(ttl = 10, stale_while_revalidate = 60, skip(self))]
    async fn by_reference(&self, id: u64) -> u64 {
        self.runs.one_more();
        id
    }

    #[cached(ttl = 10, stale_while_revalidate = 60, skip(self))]
    async fn shared(self: Arc<Self>, id: u64) -> u64 {
        self.runs.one_more();
        id
    }

    #[cached(ttl = 10, stale_while_revalidate = 60, skip(self))]
    fn by_value(self, id: u64) -> u64 {
        self.runs.one_more();
        id
    }
}

#[tokio::test]
async fn methods_take_their_self_along() {
    let (cache, clock) = with_clock();
    let repo = Repo {
        runs: Arc::new(Runs::none()),
    };
    let shared = Arc::new(repo.clone());
    let all = async {
        for _ in 0..2 {
            assert_eq!(repo.by_reference(1).await, 1);
            assert_eq!(Arc::clone(&shared).shared(2).await, 2);
            assert_eq!(repo.clone().by_value(3), 3);
            clock.advance(10 * SECOND);
        }
        cache.flush().await.unwrap();
    };
    in_time(cache.scope(all)).await;
    assert_eq!(repo.runs.count(), 6);
}

trait Source {
    async fn load(&self, id: u64) -> u64;
}

#[cached]
impl Source for Repo {
    #[cached(ttl = 10, stale_while_revalidate = 60, skip(self))]
    async fn load(&self, id: u64) -> u64 {
        self.runs.one_more();
        id
    }
}

#[tokio::test]
async fn a_method_of_a_trait_is_refreshed_like_any_other() {
    let (cache, clock) = with_clock();
    let repo = Repo {
        runs: Arc::new(Runs::none()),
    };
    let all = async {
        assert_eq!(repo.load(1).await, 1);
        clock.advance(10 * SECOND);
        assert_eq!(repo.load(1).await, 1);
        cache.flush().await.unwrap();
    };
    in_time(cache.scope(all)).await;
    assert_eq!(repo.runs.count(), 2);
}

#[test]
fn a_generic_function_is_refreshed_as_the_instance_it_is() {
    #[cached(ttl = 10, stale_while_revalidate = 60)]
    fn shown<T: std::fmt::Debug + serde::Serialize + Clone + Send + Sync + 'static>(
        value: &T,
    ) -> String {
        format!("{value:?}")
    }

    let (cache, clock) = with_clock();
    cache.sync_scope(|| {
        assert_eq!((&*shown(&1_u8), &*shown(&"a".to_owned())), ("1", "\"a\""));
        clock.advance(10 * SECOND);
        assert_eq!((&*shown(&1_u8), &*shown(&"a".to_owned())), ("1", "\"a\""));
        cache.blocking().flush().unwrap();
        assert_eq!((&*shown(&1_u8), &*shown(&"a".to_owned())), ("1", "\"a\""));
        assert_eq!(shown::<u8>(&1), "1");
    });
}

#[tokio::test]
async fn what_the_attribute_says_by_its_arguments_holds_in_the_background_too() {
    static RUNS: Runs = Runs::none();

    #[cached(
        ttl = std::time::Duration::from_secs(seconds),
        stale_while_revalidate = std::time::Duration::from_secs(6 * seconds),
        key = "args:{seconds}",
        tags = ["args-{seconds}"],
        condition = move |run| *run != seconds,
    )]
    async fn number(seconds: u64) -> u64 {
        RUNS.one_more() as u64
    }

    let (cache, clock) = with_clock();
    let all = async {
        assert_eq!(number(10).await, 0);
        clock.advance(10 * SECOND);
        assert_eq!(number(10).await, 0);
        cache.flush().await.unwrap();
        assert_eq!(number(10).await, 1);
        cache.invalidate_tag("args-10").await.unwrap();
        assert_eq!(number(10).await, 2);
    };
    in_time(cache.scope(all)).await;
}
