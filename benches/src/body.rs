//! What the cached functions compute, and how often they did: a contender that does not cache is found out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// How often any of the functions below ran.
pub fn runs() -> usize {
    RUNS.load(Ordering::SeqCst)
}

/// A value that is not cloned for nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    pub name: String,
    pub tags: Vec<String>,
}

/// The value of a number.
pub fn double(id: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    id * 2
}

/// The value of a text.
pub fn user(text: &str) -> User {
    RUNS.fetch_add(1, Ordering::Relaxed);
    User {
        name: text.to_owned(),
        tags: vec!["admin".to_owned(), "on leave".to_owned()],
    }
}

/// The same, shared.
pub fn shared_user(text: &str) -> Arc<User> {
    Arc::new(user(text))
}

/// The length of a text.
pub fn length(text: &str) -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    text.len() as u64
}
