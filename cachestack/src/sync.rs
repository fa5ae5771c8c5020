//! What threads meet at. The crate `model` puts its checker's types in this place.

pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};
pub(crate) use std::thread_local;
