//! Runs every scenario through thousands of interleavings: at random, and by few changes of priority, which finds
//! what takes a certain order of a few steps.
//!
//! A failure prints a schedule; `shuttle::replay(scenario, "…")` in a test of its own runs that one again.

use cachestack_model::scenarios;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};

const AT_RANDOM: usize = 1_500;
const BY_PRIORITY: usize = 1_500;
/// How many changes of priority.
const CHANGES: usize = 3;

fn check(scenario: fn()) {
    let mut config = Config::new();
    // Frames are fat without optimisation.
    config.stack_size = 256 * 1024;
    Runner::new(RandomScheduler::new(AT_RANDOM), config.clone()).run(scenario);
    Runner::new(PctScheduler::new(CHANGES, BY_PRIORITY), config).run(scenario);
}

macro_rules! check_all {
    ($($scenario:ident)*) => {$(
        #[test]
        fn $scenario() {
            check(scenarios::$scenario);
        }
    )*};
}

check_all! {
    callers_of_a_cold_key_compute_once
    a_leader_that_goes_is_followed_by_exactly_one
    callers_that_are_dropped_anywhere_hold_up_nobody
    failures_let_the_others_through
    after_the_lease_one_computes_too
    a_call_after_an_invalidation_joins_no_older_flight
    a_call_from_within_the_computation_computes
    a_reader_after_an_invalidation_sees_nothing_older
    a_reader_after_a_clear_sees_nothing_older
    a_copy_from_below_does_not_outlive_a_deletion
    a_void_token_stores_nothing
}
