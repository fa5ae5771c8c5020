//! What threads meet at, by the checker. Both crates have a module of this name with the standard library's.

pub(crate) use shuttle::sync::{Mutex, MutexGuard};
pub(crate) use shuttle::thread_local;
pub(crate) use std::sync::PoisonError;

pub(crate) mod atomic {
    pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering};
}
