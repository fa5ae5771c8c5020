//! `tags = ...` of a mutation.

use cachestack::{cached, invalidate};

use super::super::{Runs, cache};

#[tokio::test]
async fn what_has_a_tag_goes_and_is_computed_anew() {
    static RUNS: Runs = Runs::none();

    #[cached(tags = ["mutated:{id}", "mutated"])]
    async fn number(id: u64) -> (u64, usize) {
        (id, RUNS.one_more())
    }

    #[invalidate(tags = ["mutated:{id}", format!("other:{id}")])]
    async fn one(id: u64) {}
    #[invalidate(tags = "mutated", always)]
    fn all_of_them() -> Result<(), String> {
        Err("no".to_owned())
    }
    #[invalidate(tags = ["mutated"])]
    fn not_after_a_failure() -> Result<(), String> {
        Err("no".to_owned())
    }

    let all = async {
        assert_eq!(number(1).await, (1, 0));
        one(1).await;
        assert_eq!(number(1).await, (1, 1));
        not_after_a_failure().unwrap_err();
        assert_eq!(number(1).await, (1, 1));
        all_of_them().unwrap_err();
        assert_eq!(number(1).await, (1, 2));
    };
    cache().scope(all).await;
}
