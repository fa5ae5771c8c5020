//! What can go wrong, and the handle that makes it.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::{ErrorKind, Operation};

/// A method of [`Backend`](crate::Backend) that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// [`Backend::get`](crate::Backend::get).
    Get,
    /// [`Backend::set`](crate::Backend::set).
    Set,
    /// [`Backend::delete`](crate::Backend::delete).
    Delete,
    /// [`Backend::exists`](crate::Backend::exists).
    Exists,
    /// [`Backend::clear`](crate::Backend::clear).
    Clear,
    /// [`Backend::stats`](crate::Backend::stats).
    Stats,
    /// [`Backend::get_many`](crate::Backend::get_many).
    GetMany,
    /// [`Backend::set_many`](crate::Backend::set_many).
    SetMany,
    /// [`Backend::delete_many`](crate::Backend::delete_many).
    DeleteMany,
    /// [`Backend::purge_expired`](crate::Backend::purge_expired).
    PurgeExpired,
    /// [`Backend::ttl`](crate::Backend::ttl).
    Ttl,
    /// [`Backend::close`](crate::Backend::close). Its errors name no operation.
    Close,
    /// [`Backend::peek`](crate::Backend::peek), which can only find nothing or garbage: it neither fails nor waits.
    Peek,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Get,
        Self::Set,
        Self::Delete,
        Self::Exists,
        Self::Clear,
        Self::Stats,
        Self::GetMany,
        Self::SetMany,
        Self::DeleteMany,
        Self::PurgeExpired,
        Self::Ttl,
        Self::Close,
        Self::Peek,
    ];

    pub(super) fn operation(self) -> Option<Operation> {
        match self {
            Self::Get | Self::GetMany | Self::Peek => Some(Operation::Get),
            Self::Set | Self::SetMany => Some(Operation::Set),
            Self::Delete | Self::DeleteMany => Some(Operation::Delete),
            Self::Exists => Some(Operation::Exists),
            Self::Clear => Some(Operation::Clear),
            Self::Stats => Some(Operation::Stats),
            Self::PurgeExpired => Some(Operation::Purge),
            Self::Ttl => Some(Operation::Ttl),
            Self::Close => None,
        }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing is done, and the call fails.
    Fail(ErrorKind),
    /// Nothing is done, and the call fails as one for which there was no
    /// [connection](crate::Error::unreachable).
    Refuse,
    /// All is done, and the call fails all the same: the answer was lost.
    Lose(ErrorKind),
    /// The call begins that much later, by the real clock.
    Delay(Duration),
    /// The call does not begin until the fault is taken away.
    Hang,
    /// All is done, but the answer does not come until the fault is taken away.
    HangAfter,
    /// The call hangs, and fails as timed out when the fault is taken away. A set, deletion or clear takes effect
    /// when the test lets it [arrive](Faults::arrive), be its caller still there or not; other calls do
    /// nothing.
    Late,
    /// The call panics before anything is done.
    Panic,
    /// Look-ups find nothing.
    Forget,
    /// What look-ups find is replaced by a value of a type that nobody asked for.
    Garbage,
}

type LateCall = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Makes a [`FaultyBackend`](super::FaultyBackend) misbehave, and knows how often it was called; clones are one.
#[derive(Clone, Default)]
pub struct Faults(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<HashMap<Method, State>>,
    late: Mutex<Vec<LateCall>>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    fault: Option<Fault>,
    calls: u64,
    hanging: usize,
}

impl Faults {
    /// Lets every call of that method meet a fault, in place of one that was there, until it is healed.
    pub fn inject(&self, method: Method, fault: Fault) {
        self.state().entry(method).or_default().fault = Some(fault);
        self.0.changed.notify_waiters();
    }

    /// Lets every call of every method meet a fault.
    pub fn inject_all(&self, fault: Fault) {
        for method in Method::ALL {
            self.inject(method, fault);
        }
    }

    /// Takes all faults away. Calls that hang go on.
    pub fn heal(&self) {
        self.state().values_mut().for_each(|it| it.fault = None);
        self.0.changed.notify_waiters();
    }

    /// Takes the fault of one method away. Its calls that hang go on.
    pub fn heal_one(&self, method: Method) {
        self.state().entry(method).or_default().fault = None;
        self.0.changed.notify_waiters();
    }

    /// Lets what is [late](Fault::Late) take effect, the oldest first, and says how much it was.
    pub async fn arrive(&self) -> usize {
        let late = std::mem::take(&mut *self.late());
        let count = late.len();
        for call in late {
            call.await;
        }
        count
    }

    pub(super) fn put_off(&self, call: impl Future<Output = ()> + Send + 'static) {
        self.late().push(Box::pin(call));
    }

    fn late(&self) -> MutexGuard<'_, Vec<LateCall>> {
        self.0.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the method was called so far, failed calls included.
    pub fn calls(&self, method: Method) -> u64 {
        self.state().get(&method).map_or(0, |it| it.calls)
    }

    /// Counts anew from here on.
    pub fn forget_calls(&self) {
        self.state().values_mut().for_each(|it| it.calls = 0);
    }

    /// How many calls of all methods there were so far.
    pub fn all_calls(&self) -> u64 {
        self.state().values().map(|it| it.calls).sum()
    }

    /// Waits until a call of that method hangs: a barrier for tests of what happens meanwhile.
    pub async fn until_hanging(&self, method: Method) {
        self.wait(|faults| faults.state().get(&method).is_some_and(|it| it.hanging > 0))
            .await;
    }

    /// Waits until the method was called so many times.
    pub async fn until_called(&self, method: Method, times: u64) {
        self.wait(|faults| faults.calls(method) >= times).await;
    }

    async fn wait(&self, until: impl Fn(&Self) -> bool) {
        loop {
            // Registered before the state is read, so that no change is missed.
            let mut changed = std::pin::pin!(self.0.changed.notified());
            changed.as_mut().enable();
            if until(self) {
                return;
            }
            changed.await;
        }
    }

    /// Waits while the method's fault is `hang`, and answers the fault that is there then.
    pub(super) async fn unless_hanging(&self, method: Method, hang: Fault) -> Option<Fault> {
        if self.current(method) == Some(hang) {
            let _hanging = Hanging::enter(self, method);
            self.wait(|faults| faults.current(method) != Some(hang))
                .await;
        }
        self.current(method)
    }

    pub(super) fn current(&self, method: Method) -> Option<Fault> {
        self.state().get(&method).and_then(|it| it.fault)
    }

    pub(super) fn count(&self, method: Method) {
        self.state().entry(method).or_default().calls += 1;
        self.0.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, HashMap<Method, State>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faults").field(&*self.state()).finish()
    }
}

/// A call that hangs, for as long as it does.
struct Hanging<'a> {
    faults: &'a Faults,
    method: Method,
}

impl<'a> Hanging<'a> {
    fn enter(faults: &'a Faults, method: Method) -> Self {
        faults.state().entry(method).or_default().hanging += 1;
        faults.0.changed.notify_waiters();
        Self { faults, method }
    }
}

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        self.faults.state().entry(self.method).or_default().hanging -= 1;
    }
}
