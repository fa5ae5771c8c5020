//! The PostgreSQL store on real servers.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "postgres/contract.rs"]
mod contract;
#[path = "postgres/support.rs"]
mod support;
