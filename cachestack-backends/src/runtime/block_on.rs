//! Waiting for a future on this thread, in or out of any runtime.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

thread_local! {
    static BLOCKING: Cell<bool> = const { Cell::new(false) };
    static WAKER: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Drives a future to its end on this thread.
///
/// Works in and out of runtimes of both flavours: the futures of this library wait for nothing that the
/// blocked thread would have to run. While it polls, [`is_blocking`] says so, and file I/O happens in
/// place.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    // Waiting is a loop, so a wake-up that was meant for another call on this thread does no harm.
    let waker = WAKER.with(Waker::clone);
    let mut context = Context::from_waker(&waker);
    loop {
        let polled = {
            let _guard = Blocking::enter();
            future.as_mut().poll(&mut context)
        };
        match polled {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Whether this thread is inside [`block_on`], so that nobody else waits for it.
pub fn is_blocking() -> bool {
    BLOCKING.get()
}

struct Blocking(bool);

impl Blocking {
    fn enter() -> Self {
        Self(BLOCKING.replace(true))
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        BLOCKING.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_on_waits_for_another_thread_and_marks_this_one() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let other = thread::spawn(move || sender.send(is_blocking()));
        let seen = block_on(async { (receiver.await.unwrap(), is_blocking()) });
        other.join().unwrap().unwrap();
        assert_eq!(seen, (false, true));
        assert!(!is_blocking());
    }
}
