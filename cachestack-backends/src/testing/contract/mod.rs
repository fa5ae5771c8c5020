//! What every backend must do, as tests: each rule of [`Backend`](crate::Backend)'s documentation is a
//! function here, and [`contract_tests!`](crate::contract_tests) makes a `#[test]` of each.
//!
//! | file | the rules of |
//! |---|---|
//! | `values.rs` | what is set and what comes back |
//! | `types.rs` | types that were not asked for, and those without serde |
//! | `keys.rs` | which keys are different keys |
//! | `times.rs` | when an entry ends, and who says so |
//! | `deleting.rs` | deletions, clears and purges |
//! | `many.rs` | several keys at once |
//! | `counting.rs` | what is counted |
//! | `failing.rs` | damage, refusals, ends |
//! | `concurrency.rs` | threads, dropped futures, waiting |
//! | `steps.rs` | what the rules are written in |
//!
//! Three of the contract's sentences cannot be tested from inside: the number of round trips, that
//! `clear` touches no data of other applications, and that opening a store anew resets what it counts.
#![allow(
    clippy::missing_panics_doc,
    reason = "a rule that does not hold panics: that is what it is for"
)]

mod concurrency;
mod counting;
mod deleting;
mod failing;
mod keys;
mod many;
mod steps;
mod times;
mod types;
mod values;

use super::Subject;
use crate::runtime::block_on;

pub use self::concurrency::*;
pub use self::counting::*;
pub use self::deleting::*;
pub use self::failing::*;
pub use self::keys::*;
pub use self::many::*;
pub use self::times::*;
pub use self::types::*;
pub use self::values::*;

/// Runs one rule on a fresh subject.
///
/// # Panics
/// When the rule does not hold.
pub fn check(rule: impl AsyncFnOnce(&Subject), subject: impl AsyncFnOnce() -> Subject) {
    let subject = block_on(subject());
    subject.drive(rule(&subject));
}

/// A module with one `#[test]` for each rule of the [contract](crate::testing::contract), on a backend of
/// yours.
///
/// The second argument is an async closure, or the name of an async function, that gives a fresh
/// [`Subject`](crate::testing::Subject) for each test.
///
/// ```
/// use cachestack_backends::testing::Subject;
/// use cachestack_backends::{Clock, MemoryBackend, contract_tests};
///
/// async fn memory() -> Subject {
///     let clock = Clock::manual();
///     let memory = MemoryBackend::builder().clock(clock.clone()).build();
///     Subject::new(memory.expect("valid settings")).clock(clock)
/// }
///
/// contract_tests!(memory_contract, memory);
/// ```
#[macro_export]
macro_rules! contract_tests {
    (@each $($what:tt)+) => {
        $crate::contract_tests! { $($what)+;
            set_replaces_value_and_times
            values_come_back_equal
            an_empty_value_is_a_value
            values_that_look_alike_stay_apart
            a_value_of_8_mb_is_kept_or_refused_whole
            created_at_is_kept
            freshness_and_generations_are_kept
            another_type_is_a_mismatch_and_stays
            types_that_look_alike_stay_apart
            set_replaces_a_value_of_another_type
            exists_and_ttl_decode_nothing
            what_has_no_serde_is_kept_or_refused
            the_empty_key_is_a_key
            a_key_of_10_kb_with_newlines_and_nul
            unicode_keys
            keys_that_look_alike_never_meet
            keys_that_differ_only_in_namespace
            two_caches_on_one_backend_never_meet
            an_entry_is_gone_from_its_end_on
            an_entry_that_has_ended_when_set_leaves_nothing
            a_ttl_below_a_second_holds
            a_huge_ttl_counts_as_the_longest
            without_an_end_the_default_holds
            ttl_says_what_is_left
            deleting_what_is_missing_succeeds
            delete_leaves_nothing
            clear_touches_one_namespace
            clearing_the_empty_namespace_touches_no_other
            purge_frees_ended_entries_of_one_namespace_only
            get_many_answers_in_order_and_duplicates
            get_many_of_one_type_among_others
            get_many_of_several_types
            no_keys_give_no_answers
            set_many_stores_each
            set_many_last_wins
            set_many_fails_whole_when_a_part_fails
            delete_many_deletes_each_and_no_other
            look_ups_count_hits_and_misses
            exists_and_ttl_count_nothing
            peek_counts_hits_only
            a_failed_operation_counts_one_error
            info_stays_the_same
            an_undecodable_value_is_a_miss
            a_damaged_value_is_a_corrupt_miss
            foreign_bytes_are_a_miss
            what_was_damaged_can_be_set_anew
            closing_twice_is_fine
            peek_finds_what_get_finds_or_nothing
            the_fence_is_always_the_same
            many_tasks_at_once_never_tear_a_value
            a_dropped_write_took_effect_or_never_will
            a_dropped_delete_took_effect_or_never_will
            an_immediate_store_never_waits
            a_detached_store_needs_no_runtime
        }
    };
    (@tests $module:ident, $subject:expr; $($rule:ident)+) => {
        mod $module {
            #[allow(unused_imports, reason = "the subject may be named in full")]
            use super::*;
            $(
                #[test]
                fn $rule() {
                    $crate::testing::contract::check($crate::testing::contract::$rule, $subject);
                }
            )+
        }
    };
    (@names; $($rule:ident)+) => { [$(stringify!($rule)),+] };
    ($module:ident, $subject:expr $(,)?) => {
        $crate::contract_tests! { @each @tests $module, $subject }
    };
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    #[test]
    fn every_rule_is_in_the_list_once() {
        let listed = crate::contract_tests!(@each @names);
        let names: BTreeSet<String> = listed.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(names.len(), listed.len());
        assert_eq!(names, rules_in_the_source());
    }

    fn rules_in_the_source() -> BTreeSet<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/contract");
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        let sources = files.map(|file| fs::read_to_string(file).unwrap());
        sources
            .flat_map(|source| {
                let rules = source.lines().filter_map(|line| {
                    let rule = line.strip_prefix("pub async fn ")?;
                    Some(rule.split('(').next()?.to_owned())
                });
                rules.collect::<Vec<_>>()
            })
            .collect()
    }
}
