//! `tags = ...`.

use std::fmt;

use cachestack::{cached, invalidate};

use super::{Runs, cache};

#[tokio::test]
async fn an_entry_goes_with_any_of_its_tags() {
    static RUNS: Runs = Runs::none();

    #[cached(tags = ["tags-user:{id}", "tags-users", format!("tags-lang:{lang}")])]
    async fn user(id: u64, lang: &str) -> String {
        RUNS.one_more();
        format!("{id} {lang}")
    }

    #[invalidate(tags = ["tags-user:{id}"])]
    async fn one(id: u64) {}
    #[invalidate(tags = "tags-users")]
    fn all() {}
    #[invalidate(tags = ["tags-lang:{lang}"])]
    fn of(lang: &str) {}

    let all = async {
        for run in 1..=4 {
            assert_eq!(user(1, "en").await, "1 en");
            assert_eq!(user(1, "en").await, "1 en");
            assert_eq!(RUNS.count(), run);
            match run {
                1 => one(1).await,
                2 => all(),
                _ => of("en"),
            }
            assert_eq!(user::entry(1, "en").peek(), None);
        }
    };
    cache().scope(all).await;
}

#[test]
fn a_tag_may_be_made_of_self() {
    struct Users {
        tenant: u64,
    }

    impl Users {
        #[cached(key = "tags-count:{self.tenant}", tags = ["tenant:{self.tenant}"])]
        fn count(&self) -> u64 {
            self.tenant
        }

        #[invalidate(tags = ["tenant:{self.tenant}"])]
        fn change(&self) {}
    }

    cache().sync_scope(|| {
        let users = Users { tenant: 7 };
        assert_eq!(users.count(), 7);
        assert_eq!(users.count_entry().peek(), Some(7));
        users.change();
        assert_eq!(users.count_entry().peek(), None);
    });
}

#[test]
fn a_call_whose_tag_cannot_be_written_computes_and_is_counted() {
    struct Silent;

    impl fmt::Display for Silent {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            Err(fmt::Error)
        }
    }

    static RUNS: Runs = Runs::none();

    #[cached(tags = [Silent])]
    fn number() -> usize {
        RUNS.one_more()
    }

    let cache = cache();
    cache.sync_scope(|| assert_eq!((number(), number()), (0, 1)));
    assert_eq!(cache.blocking().stats().unwrap().uncached, 2);
}
