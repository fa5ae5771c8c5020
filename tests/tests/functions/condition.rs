//! `condition = ...`.

use cachestack::cached;

use super::{Runs, cache};

#[test]
fn a_condition_by_path_or_closure_decides_what_is_kept() {
    static RUNS: Runs = Runs::none();

    #[cached(condition = Option::is_some)]
    fn by_path(id: u32) -> Option<u32> {
        RUNS.one_more();
        (id > 0).then_some(id)
    }

    #[cached(condition = |name: &String| !name.is_empty())]
    fn by_closure(name: &str) -> Result<String, String> {
        RUNS.one_more();
        Ok(name.to_owned())
    }

    let cache = cache();
    cache.sync_scope(|| {
        assert_eq!((by_path(0), by_path(0)), (None, None));
        assert_eq!((by_path(1), by_path(1)), (Some(1), Some(1)));
        assert_eq!(RUNS.count(), 3);
        for _ in 0..2 {
            assert_eq!(by_closure(""), Ok(String::new()));
            assert_eq!(by_closure("a"), Ok(String::from("a")));
        }
        assert_eq!(RUNS.count(), 6);
    });
    assert_eq!(cache.blocking().stats().unwrap().refused, 4);
}

#[test]
fn a_condition_that_panics_leaves_no_flight_behind() {
    #[cached(condition = |it: &u32| panic!("{it}, as this test wants"))]
    fn number() -> u32 {
        7
    }

    let cache = cache();
    for _ in 0..2 {
        let call = std::panic::AssertUnwindSafe(|| cache.sync_scope(number));
        std::panic::catch_unwind(call).unwrap_err();
    }
    assert_eq!(cache.blocking().stats().unwrap().in_flight, 0);
}
