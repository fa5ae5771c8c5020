//! Cached functions and stacks over real servers that are away, killed, stopped, cut off and restarted.
//!
//! Each rule is written once and shown for each store, alone and below memory. With the environment variable
//! `FAULTS_TABLE` what was measured is added to the file of that name, a line for each test.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "faults/away.rs"]
mod away;
#[path = "faults/cancelled.rs"]
mod cancelled;
#[path = "faults/cut.rs"]
mod cut;
#[path = "faults/functions.rs"]
mod functions;
#[path = "faults/hanging.rs"]
mod hanging;
#[path = "faults/killed.rs"]
mod killed;
#[path = "faults/late.rs"]
mod late;
#[path = "faults/listener.rs"]
mod listener;
#[path = "faults/pending.rs"]
mod pending;
#[path = "faults/processes.rs"]
mod processes;
#[path = "faults/runtimes.rs"]
mod runtimes;
#[path = "faults/secrets.rs"]
mod secrets;
#[path = "faults/stage.rs"]
mod stage;
#[path = "faults/store.rs"]
mod store;
#[path = "faults/subscribers.rs"]
mod subscribers;
#[path = "faults/table.rs"]
mod table;

/// The rules that hold wherever the store stands, as tests of a module.
macro_rules! shown {
    ($name:ident, $kind:ident, $place:ident) => {
        mod $name {
            use crate::pending::Absence;
            use crate::stage::{Case, Place};
            use crate::store::Kind;

            const CASE: Case = Case {
                name: stringify!($name),
                kind: Kind::$kind,
                place: Place::$place,
            };

            #[test]
            fn server_not_there_at_start() {
                crate::away::server_not_there_at_start(CASE);
            }

            #[test]
            fn killed_under_load() {
                crate::killed::killed_under_load(CASE);
            }

            #[test]
            fn stopped_in_its_tracks() {
                crate::hanging::stopped_in_its_tracks(CASE);
            }

            #[test]
            fn look_up_and_store_share_the_deadline() {
                crate::hanging::look_up_and_store_share_the_deadline(CASE);
            }

            #[test]
            fn cut_in_the_middle_of_an_answer() {
                crate::cut::cut_in_the_middle_of_an_answer(CASE);
            }

            #[test]
            fn cancelled_operations_swap_and_tear_nothing() {
                crate::cancelled::cancelled_operations_swap_and_tear_nothing(CASE);
            }

            #[test]
            fn what_changed_while_it_was_stopped() {
                crate::pending::what_changed(CASE, Absence::Stopped);
            }

            #[test]
            fn what_changed_while_it_refused() {
                crate::pending::what_changed(CASE, Absence::Refusing);
            }
        }
    };
}

shown!(redis, Redis, Alone);
shown!(redis_below_memory, Redis, BelowMemory);
shown!(memcached, Memcached, Alone);
shown!(memcached_below_memory, Memcached, BelowMemory);
shown!(postgres, Postgres, Alone);
shown!(postgres_below_memory, Postgres, BelowMemory);

/// The rules that are shown once for each store, as tests of a module.
macro_rules! shown_below_memory {
    ($name:ident, $kind:ident) => {
        mod $name {
            use crate::pending::Absence;
            use crate::stage::{Case, Place};
            use crate::store::Kind;

            const CASE: Case = Case {
                name: stringify!($name),
                kind: Kind::$kind,
                place: Place::BelowMemory,
            };

            #[test]
            fn what_changed_behind_a_silent_store() {
                crate::pending::what_changed_behind_a_silent_store(CASE, Absence::Stopped);
            }

            #[test]
            fn more_changes_than_there_is_room_for() {
                crate::pending::more_changes_than_there_is_room_for(CASE, Absence::Refusing);
            }

            #[test]
            fn what_was_flushed_has_arrived() {
                crate::late::what_was_flushed_has_arrived(CASE);
            }

            #[test]
            fn what_waits_answers_and_is_replaced() {
                crate::late::what_waits_answers_and_is_replaced(CASE);
            }

            #[test]
            fn in_a_multi_thread_runtime() {
                crate::runtimes::in_a_multi_thread_runtime(CASE);
            }

            #[test]
            fn in_a_current_thread_runtime() {
                crate::runtimes::in_a_current_thread_runtime(CASE);
            }

            #[test]
            fn in_one_runtime_after_the_other() {
                crate::runtimes::in_one_runtime_after_the_other(CASE);
            }

            #[test]
            fn in_no_runtime() {
                crate::runtimes::in_no_runtime(CASE);
            }

            #[test]
            fn while_the_clock_stands() {
                crate::runtimes::while_the_clock_stands(CASE);
            }

            #[test]
            fn when_another_cache_is_closed() {
                crate::runtimes::when_another_cache_is_closed(CASE);
            }

            #[test]
            fn a_subscriber_may_call_the_cache() {
                crate::subscribers::a_subscriber_may_call_the_cache(CASE);
            }
        }
    };
}

shown_below_memory!(redis_once, Redis);
shown_below_memory!(memcached_once, Memcached);
shown_below_memory!(postgres_once, Postgres);

/// The rules for stores that find their data again after a kill.
macro_rules! shown_of_lasting {
    ($name:ident, $kind:ident, $place:ident) => {
        mod $name {
            use crate::pending::Absence;
            use crate::stage::{Case, Place};
            use crate::store::Kind;

            const CASE: Case = Case {
                name: stringify!($name),
                kind: Kind::$kind,
                place: Place::$place,
            };

            #[test]
            fn what_changed_while_it_was_dead() {
                crate::pending::what_changed(CASE, Absence::Killed);
            }
        }
    };
}

shown_of_lasting!(lasting_redis, Redis, Alone);
shown_of_lasting!(lasting_redis_below_memory, Redis, BelowMemory);
shown_of_lasting!(lasting_postgres, Postgres, Alone);
shown_of_lasting!(lasting_postgres_below_memory, Postgres, BelowMemory);
