//! The PostgreSQL store on real servers.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "postgres/config.rs"]
mod config;
#[path = "postgres/contract.rs"]
mod contract;
#[path = "postgres/failures.rs"]
mod failures;
#[path = "postgres/keys.rs"]
mod keys;
#[path = "postgres/pooler.rs"]
mod pooler;
#[path = "postgres/processes.rs"]
mod processes;
#[path = "postgres/purge.rs"]
mod purge;
#[path = "postgres/runtimes.rs"]
mod runtimes;
#[path = "postgres/support.rs"]
mod support;
#[path = "postgres/tables.rs"]
mod tables;
#[path = "postgres/times.rs"]
mod times;
#[path = "postgres/turns.rs"]
mod turns;
