//! `skip(...)`, and `#[cached(skip)]` on a parameter.

use cachestack::cached;

use super::{Runs, cache};

#[test]
fn skipped_arguments_are_not_part_of_the_key() {
    static RUNS: Runs = Runs::none();
    struct NotSerialize;

    #[cached(skip(trace))]
    fn listed(id: u64, trace: &str) -> u64 {
        let _ = trace;
        RUNS.one_more();
        id
    }

    #[cached]
    fn marked(id: u64, #[cached(skip)] _db: &NotSerialize, #[cached(skip)] _n: &mut u32) -> u64 {
        RUNS.one_more();
        id
    }

    cache().sync_scope(|| {
        listed(1, "a");
        listed(1, "b");
        assert_eq!(RUNS.count(), 1);
        let mut n = 0;
        marked(1, &NotSerialize, &mut n);
        marked(1, &NotSerialize, &mut n);
        assert_eq!(RUNS.count(), 2);
        assert_eq!(listed::entry(1).peek(), Some(1));
        assert_eq!(marked::entry(1).peek(), Some(1));
    });
}
