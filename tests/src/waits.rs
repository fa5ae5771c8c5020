//! Waiting for what other threads do, with an end.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Runs something on a thread of its own and gives back its result.
///
/// # Panics
/// When it takes longer than that, or panics.
pub fn within<R: Send + 'static>(time: Duration, run: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(run()));
    match receiver.recv_timeout(time) {
        Ok(result) => result,
        Err(error) => panic!("no result within {time:?}: {error}"),
    }
}

/// Waits until something is so.
///
/// # Panics
/// When it is not so within 10 s.
pub fn eventually(mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(10), "it never is so");
        thread::yield_now();
    }
}
