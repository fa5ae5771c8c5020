//! What authors of backends and stacks test with (feature `testing`).
//!
//! | | |
//! |---|---|
//! | [`contract_tests!`](crate::contract_tests) | runs the whole contract suite on a backend, in one line |
//! | [`contract`] | the suite: every rule of [`Backend`](crate::Backend)'s documentation is a function |
//! | [`Subject`] | the backend under test, with its clock and what it needs to live |
//! | [`FaultyBackend`] | fails, delays, hangs and lies on demand, and counts its calls |
//! | [`Clock::manual`](crate::Clock::manual) | time that moves when a test says so |

pub mod contract;
mod faulty;
mod subject;

pub use self::faulty::{Fault, Faults, FaultyBackend, Method};
pub use self::subject::{Driven, Subject};
