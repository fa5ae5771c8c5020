//! `bypass = ...`.

use cachestack::cached;

use super::{Runs, cache};

#[test]
fn a_bypassed_call_neither_reads_nor_writes() {
    static RUNS: Runs = Runs::none();

    #[cached(bypass = dry)]
    fn number(id: u64, dry: bool) -> (u64, usize) {
        (id, RUNS.one_more())
    }

    cache().sync_scope(|| {
        assert_eq!(number(1, true), (1, 0));
        assert_eq!(number::entry(1).peek(), None);
        assert_eq!(number(1, false), (1, 1));
        assert_eq!(number(1, true), (1, 2));
        assert_eq!(number(1, false), (1, 1));
        assert_eq!(number::entries().stats().bypassed, 2);
    });
}

#[tokio::test]
async fn it_is_stronger_than_a_refresh() {
    static RUNS: Runs = Runs::none();

    #[cached(key = "bypass:{id}", bypass = id == 0, refresh = true)]
    async fn number(id: u64) -> usize {
        let _ = id;
        RUNS.one_more()
    }

    let all = async {
        assert_eq!((number(0).await, number(1).await), (0, 1));
        assert_eq!(number::entry(0).peek(), None);
        assert_eq!(number::entry(1).peek(), Some(1));
    };
    cache().scope(all).await;
}

#[test]
fn what_it_says_may_depend_on_self() {
    struct Users {
        dry: bool,
    }

    impl Users {
        #[cached(skip(self), bypass = self.dry)]
        fn count(&self, runs: usize) -> usize {
            runs
        }
    }

    cache().sync_scope(|| {
        assert_eq!(Users { dry: true }.count(1), 1);
        assert_eq!(Users { dry: true }.count_entry(1).peek(), None);
        assert_eq!(Users { dry: false }.count(1), 1);
        assert_eq!(Users { dry: true }.count_entry(1).peek(), Some(1));
    });
}
