//! Waiting for a condition that somebody else brings about.

use std::pin::pin;

use tokio::sync::Notify;

/// Waits until something is so, which is looked at again whenever all who wait for `changed` are told.
pub async fn until(changed: &Notify, is_so: impl Fn() -> bool) {
    loop {
        // Registered before it is looked at, so that the last change is not missed.
        let mut change = pin!(changed.notified());
        change.as_mut().enable();
        if is_so() {
            return;
        }
        change.await;
    }
}
