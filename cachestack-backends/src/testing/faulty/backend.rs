//! The backend that does as it is told.

use std::future::Future;
use std::sync::Arc;

use super::faults::{Fault, Faults, Method};
use crate::backend::{AnyBackend, Backend, BackendInfo, Lookup, TimeLeft};
use crate::clock::Clock;
use crate::entry::{Entry, Seen, ValueType};
use crate::error::{Error, ErrorKind, Result};
use crate::fence::Fence;
use crate::key::{Key, KeyDigest, Namespace};
use crate::runtime::sleep;
use crate::stats::Stats;

/// A backend that does as another does, until it is told to misbehave.
///
/// Every method of the contract is forwarded. While a call hangs or is delayed, nothing has been done
/// yet, so one that is dropped then never takes effect.
///
/// ```
/// use cachestack_backends::testing::{Fault, FaultyBackend, Method};
/// use cachestack_backends::{Backend, ErrorKind, MemoryBackend, Namespace};
///
/// let store = FaultyBackend::new(MemoryBackend::default());
/// let faults = store.faults();
/// faults.inject(Method::Clear, Fault::Fail(ErrorKind::Unavailable));
/// # cachestack_backends::runtime::block_on(async {
/// assert!(store.clear(&Namespace::new("shop")).await.is_err());
/// faults.heal();
/// assert!(store.clear(&Namespace::new("shop")).await.is_ok());
/// assert_eq!(faults.calls(Method::Clear), 2);
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct FaultyBackend {
    inner: AnyBackend,
    info: BackendInfo,
    faults: Faults,
}

impl FaultyBackend {
    /// Wraps a backend.
    pub fn new(inner: impl Backend) -> Self {
        Self {
            info: inner.info(),
            inner: AnyBackend::new(inner),
            faults: Faults::default(),
        }
    }

    /// Says something else of itself than the backend inside does. One that is to hang or to be delayed in
    /// a stack must not say that it is [`immediate`](BackendInfo::immediate).
    #[must_use]
    pub fn with_info(mut self, change: impl FnOnce(BackendInfo) -> BackendInfo) -> Self {
        self.info = change(self.info);
        self
    }

    /// The handle that makes it misbehave.
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    async fn through<T>(
        &self,
        method: Method,
        call: impl Future<Output = Result<T>>,
    ) -> Result<(T, Option<Fault>)> {
        self.faults.count(method);
        let fault = self.faults.unless_hanging(method, Fault::Hang).await;
        match fault {
            Some(Fault::Fail(kind)) => return Err(self.error(method, kind)),
            Some(Fault::Refuse) => {
                return Err(self.error(method, ErrorKind::Unavailable).unreachable());
            }
            Some(Fault::Late) => {
                self.faults.unless_hanging(method, Fault::Late).await;
                return Err(self.error(method, ErrorKind::Timeout));
            }
            Some(Fault::Panic) => panic!("made to panic by a test"),
            Some(Fault::Delay(time)) => sleep(time).await,
            _ => {}
        }
        let answer = call.await;
        match fault {
            Some(Fault::Lose(kind)) => return Err(self.error(method, kind)),
            Some(Fault::HangAfter) => {
                self.faults.unless_hanging(method, Fault::HangAfter).await;
            }
            _ => {}
        }
        Ok((answer?, fault))
    }

    fn error(&self, method: Method, kind: ErrorKind) -> Error {
        let error = Error::new(kind, "made to fail by a test");
        match method.operation() {
            Some(operation) => error.at(self.info.name.clone(), operation),
            None => error,
        }
    }

    /// For a call that changes something, and may do so when its caller has gone.
    async fn change(
        &self,
        method: Method,
        call: impl Future<Output = Result<()>> + Send + 'static,
    ) -> Result<()> {
        if self.faults.current(method) != Some(Fault::Late) {
            return self.plainly(method, call).await;
        }
        self.faults.put_off(async { drop(call.await) });
        self.plainly(method, async { Ok(()) }).await
    }

    async fn plainly<T>(&self, method: Method, call: impl Future<Output = Result<T>>) -> Result<T> {
        self.through(method, call).await.map(|(answer, _)| answer)
    }
}

/// Nobody outside can ask for it.
struct Garbage;

fn distort(found: Lookup, fault: Option<Fault>) -> Lookup {
    match (fault, found) {
        (Some(Fault::Forget), _) => Lookup::Miss,
        (Some(Fault::Garbage), Lookup::Hit(entry)) => Lookup::Hit(garbage(&entry)),
        (_, found) => found,
    }
}

fn garbage(entry: &Entry) -> Entry {
    let value_type = ValueType::local::<Garbage>();
    Entry::from_any(Arc::new(Garbage), value_type, entry.created_at()).expiring(entry.expires_at())
}

impl Backend for FaultyBackend {
    fn info(&self) -> BackendInfo {
        self.info.clone()
    }

    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let call = self.inner.get(key, value_type);
        let (found, fault) = self.through(Method::Get, call).await?;
        Ok(distort(found, fault))
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        let (inner, key) = (self.inner.clone(), key.clone());
        let call = async move { inner.set(&key, entry).await };
        self.change(Method::Set, call).await
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        let (inner, key) = (self.inner.clone(), key.clone());
        let call = async move { inner.delete(&key).await };
        self.change(Method::Delete, call).await
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        let call = self.inner.exists(key);
        let (found, fault) = self.through(Method::Exists, call).await?;
        Ok(found && fault != Some(Fault::Forget))
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let (inner, namespace) = (self.inner.clone(), namespace.clone());
        let call = async move { inner.clear(&namespace).await };
        self.change(Method::Clear, call).await
    }

    async fn stats(&self) -> Result<Stats> {
        self.plainly(Method::Stats, self.inner.stats()).await
    }

    async fn get_many(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        let call = self.inner.get_many(keys);
        let (found, fault) = self.through(Method::GetMany, call).await?;
        Ok(found.into_iter().map(|it| distort(it, fault)).collect())
    }

    async fn set_many(&self, entries: Vec<(Key, Entry)>) -> Result<()> {
        let inner = self.inner.clone();
        let call = async move { inner.set_many(entries).await };
        self.change(Method::SetMany, call).await
    }

    async fn delete_many(&self, keys: &[Key]) -> Result<()> {
        let (inner, keys) = (self.inner.clone(), keys.to_vec());
        let call = async move { inner.delete_many(&keys).await };
        self.change(Method::DeleteMany, call).await
    }

    async fn purge_expired(&self, namespace: &Namespace) -> Result<u64> {
        let call = self.inner.purge_expired(namespace);
        self.plainly(Method::PurgeExpired, call).await
    }

    async fn ttl(&self, key: &Key) -> Result<TimeLeft> {
        let (left, fault) = self.through(Method::Ttl, self.inner.ttl(key)).await?;
        Ok(match fault {
            Some(Fault::Forget) => TimeLeft::Missing,
            _ => left,
        })
    }

    async fn close(&self) -> Result<()> {
        self.plainly(Method::Close, self.inner.close()).await
    }

    fn peek(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry> {
        self.faults.count(Method::Peek);
        match self.faults.current(Method::Peek) {
            None => self.inner.peek(key, value_type),
            Some(Fault::Garbage) => self.inner.peek(key, value_type).as_ref().map(garbage),
            Some(_) => None,
        }
    }

    fn peek_shared(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen> {
        self.faults.count(Method::Peek);
        let seen = || self.inner.peek_shared(key, value_type);
        match self.faults.current(Method::Peek) {
            None => seen(),
            Some(Fault::Garbage) => seen().map(|seen| Seen::own(garbage(&seen))),
            Some(_) => None,
        }
    }

    fn fence(&self) -> Option<Fence> {
        self.inner.fence()
    }

    fn clock(&self) -> Option<Clock> {
        self.inner.clock()
    }
}
