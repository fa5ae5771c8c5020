//! Where a future is polled, as far as that says who can never poll it again while a thread is blocked.

use std::thread::{self, ThreadId};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task;

/// Who polls a future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A tokio runtime of one thread: nobody but that thread.
    Thread(ThreadId),
    /// A task that any thread of its runtime may take: nobody while the task itself is being polled.
    Task(task::Id),
    /// Who knows: there is no tokio runtime, or no task.
    Anywhere,
}

impl Place {
    /// Where this is called.
    pub fn here() -> Self {
        let runtime = Handle::try_current().map(|handle| handle.runtime_flavor());
        match (runtime, task::try_id()) {
            (Ok(RuntimeFlavor::CurrentThread), _) => Self::Thread(thread::current().id()),
            (Ok(_), Some(task)) => Self::Task(task),
            _ => Self::Anywhere,
        }
    }

    /// Whether nothing goes on there for as long as the caller blocks.
    pub fn waits_for_me(self) -> bool {
        match self {
            Self::Thread(thread) => thread == thread::current().id(),
            Self::Task(task) => task::try_id() == Some(task),
            Self::Anywhere => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn a_runtime_of_one_thread_waits_for_that_thread_and_no_other() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let there =
            runtime.block_on(async { tokio::spawn(async { Place::here() }).await.unwrap() });
        assert!(there.waits_for_me());
        let other = thread::spawn(move || there.waits_for_me());
        assert!(!other.join().unwrap());
        assert_eq!(Place::here(), Place::Anywhere);
        assert!(!Place::Anywhere.waits_for_me());
    }
}
