//! Waiting for a future on this thread, in or out of any runtime.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::task::coop::unconstrained;

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
    // On a tokio thread, tokio's primitives answer 'not yet' once their task has done enough for one
    // turn; blocked, the task gets no other turn.
    let mut future = pin!(unconstrained(future));
    let nested = is_blocking();
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    loop {
        let polled = {
            let _guard = Blocking::enter();
            future.as_mut().poll(&mut context)
        };
        match polled {
            Poll::Ready(output) => {
                // A wake-up of the call around this one may have ended a park of this one.
                if nested {
                    thread::current().unpark();
                }
                return output;
            }
            // In a loop, so a wake-up that was meant for another call on this thread does no harm.
            Poll::Pending => thread::park(),
        }
    }
}

/// The thread's waker; a new one where the thread is ending and its own is gone.
fn waker() -> Waker {
    WAKER
        .try_with(Waker::clone)
        .unwrap_or_else(|_| Waker::from(Arc::new(Unpark(thread::current()))))
}

/// Whether this thread is inside [`block_on`], so that nobody else waits for it.
pub fn is_blocking() -> bool {
    BLOCKING.get()
}

/// Runs sync code as [`block_on`] runs a future.
pub fn blocking<R>(run: impl FnOnce() -> R) -> R {
    let _guard = Blocking::enter();
    run()
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

    /// Fails instead of hanging.
    fn ends(run: impl FnOnce() + Send + 'static) {
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || {
            run();
            sender.send(())
        });
        receiver
            .recv_timeout(std::time::Duration::from_secs(10))
            .expect("it hangs, or panicked");
    }

    #[test]
    fn a_nested_call_does_not_swallow_the_wake_up_of_the_one_around_it() {
        ends(|| {
            let mut polled = false;
            block_on(std::future::poll_fn(|context| {
                if std::mem::replace(&mut polled, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                let (sender, receiver) = tokio::sync::oneshot::channel();
                let other = thread::spawn(move || {
                    thread::sleep(std::time::Duration::from_millis(20));
                    sender.send(())
                });
                block_on(receiver).unwrap();
                other.join().unwrap().unwrap();
                Poll::Pending
            }));
        });
    }

    #[test]
    fn block_on_works_while_the_thread_ends() {
        struct AtEnd(std::sync::mpsc::Sender<()>);
        impl Drop for AtEnd {
            fn drop(&mut self) {
                block_on(std::future::ready(()));
                let _ = self.0.send(());
            }
        }
        thread_local!(static AT_END: Cell<Option<AtEnd>> = const { Cell::new(None) });
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = thread::spawn(|| {
            AT_END.set(Some(AtEnd(sender)));
            block_on(std::future::ready(()));
        });
        thread.join().unwrap();
        receiver.recv().unwrap();
    }

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
