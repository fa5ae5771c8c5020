//! What the library runs on when there is no executor it may rely on: its own way to block, a small pool
//! for file I/O, threads for network I/O and background work, and a timer.

mod block_on;
mod lane;
mod later;
mod place;
mod pool;
mod timer;
mod until;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

pub use self::block_on::{block_on, blocking, is_blocking};
#[cfg(feature = "network")]
pub use self::lane::io;
pub use self::lane::{Lane, Pass, work};
#[cfg(feature = "memory")]
pub(crate) use self::later::drop_value_later;
pub(crate) use self::later::{Scope, drop_later};
pub use self::place::Place;
pub use self::pool::{PoolFull, pool, side_pool};
#[cfg(feature = "memory")]
pub(crate) use self::timer::after as timer_after;
pub(crate) use self::timer::within;
pub use self::timer::{Sleep, sleep};
pub use self::until::until;
pub use crate::clock::{Alarm, alarm};

/// Polls a future once. What is not ready by then is dropped.
pub(crate) fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
