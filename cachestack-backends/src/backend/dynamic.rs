//! Any backend behind one pointer.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Backend, BackendInfo, Lookup, TimeLeft};
use crate::changes::Changes;
use crate::clock::{Clock, Moment};
use crate::entry::{Entry, Seen, ValueType};
use crate::error::Result;
use crate::fence::Fence;
use crate::key::{Key, KeyDigest, Namespace};
use crate::stats::Stats;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// [`Backend`] as a trait object can have it. Every method of the contract is forwarded: one that were
/// forgotten would silently run its default.
trait DynBackend: Send + Sync + 'static {
    fn info(&self) -> BackendInfo;
    fn get<'a>(&'a self, key: &'a Key, value_type: &'static ValueType) -> Boxed<'a, Lookup>;
    fn set<'a>(&'a self, key: &'a Key, entry: Entry) -> Boxed<'a, ()>;
    fn delete<'a>(&'a self, key: &'a Key) -> Boxed<'a, ()>;
    fn exists<'a>(&'a self, key: &'a Key) -> Boxed<'a, bool>;
    fn clear<'a>(&'a self, namespace: &'a Namespace) -> Boxed<'a, ()>;
    fn stats(&self) -> Boxed<'_, Stats>;
    fn get_many<'a>(&'a self, keys: &'a [(Key, &'static ValueType)]) -> Boxed<'a, Vec<Lookup>>;
    fn set_many(&self, entries: Vec<(Key, Entry)>) -> Boxed<'_, ()>;
    fn delete_many<'a>(&'a self, keys: &'a [Key]) -> Boxed<'a, ()>;
    fn purge_expired<'a>(&'a self, namespace: &'a Namespace) -> Boxed<'a, u64>;
    fn ttl<'a>(&'a self, key: &'a Key) -> Boxed<'a, TimeLeft>;
    fn close(&self) -> Boxed<'_, ()>;
    fn peek(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry>;
    fn peek_shared(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen>;
    fn get_now(&self, key: &Key, value_type: &'static ValueType) -> Option<Lookup>;
    fn set_now(&self, key: &Key, entry: Entry, now: Moment) -> Result<Result<()>, Entry>;
    fn delete_now(&self, key: &Key) -> bool;
    fn fence(&self) -> Option<Fence>;
    fn changes(&self) -> Option<Changes>;
    fn clock(&self) -> Option<Clock>;
    fn as_any(&self) -> &dyn Any;
}

impl<B: Backend> DynBackend for B {
    fn info(&self) -> BackendInfo {
        Backend::info(self)
    }
    fn get<'a>(&'a self, key: &'a Key, value_type: &'static ValueType) -> Boxed<'a, Lookup> {
        Box::pin(Backend::get(self, key, value_type))
    }
    fn set<'a>(&'a self, key: &'a Key, entry: Entry) -> Boxed<'a, ()> {
        Box::pin(Backend::set(self, key, entry))
    }
    fn delete<'a>(&'a self, key: &'a Key) -> Boxed<'a, ()> {
        Box::pin(Backend::delete(self, key))
    }
    fn exists<'a>(&'a self, key: &'a Key) -> Boxed<'a, bool> {
        Box::pin(Backend::exists(self, key))
    }
    fn clear<'a>(&'a self, namespace: &'a Namespace) -> Boxed<'a, ()> {
        Box::pin(Backend::clear(self, namespace))
    }
    fn stats(&self) -> Boxed<'_, Stats> {
        Box::pin(Backend::stats(self))
    }
    fn get_many<'a>(&'a self, keys: &'a [(Key, &'static ValueType)]) -> Boxed<'a, Vec<Lookup>> {
        Box::pin(Backend::get_many(self, keys))
    }
    fn set_many(&self, entries: Vec<(Key, Entry)>) -> Boxed<'_, ()> {
        Box::pin(Backend::set_many(self, entries))
    }
    fn delete_many<'a>(&'a self, keys: &'a [Key]) -> Boxed<'a, ()> {
        Box::pin(Backend::delete_many(self, keys))
    }
    fn purge_expired<'a>(&'a self, namespace: &'a Namespace) -> Boxed<'a, u64> {
        Box::pin(Backend::purge_expired(self, namespace))
    }
    fn ttl<'a>(&'a self, key: &'a Key) -> Boxed<'a, TimeLeft> {
        Box::pin(Backend::ttl(self, key))
    }
    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(Backend::close(self))
    }
    fn peek(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry> {
        Backend::peek(self, key, value_type)
    }
    fn peek_shared(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen> {
        Backend::peek_shared(self, key, value_type)
    }
    fn get_now(&self, key: &Key, value_type: &'static ValueType) -> Option<Lookup> {
        Backend::get_now(self, key, value_type)
    }
    fn set_now(&self, key: &Key, entry: Entry, now: Moment) -> Result<Result<()>, Entry> {
        Backend::set_now(self, key, entry, now)
    }
    fn delete_now(&self, key: &Key) -> bool {
        Backend::delete_now(self, key)
    }
    fn fence(&self) -> Option<Fence> {
        Backend::fence(self)
    }
    fn changes(&self) -> Option<Changes> {
        Backend::changes(self)
    }
    fn clock(&self) -> Option<Clock> {
        Backend::clock(self)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Any backend behind one pointer; cheap to clone, and itself a [`Backend`].
#[derive(Clone)]
pub struct AnyBackend(Arc<dyn DynBackend>);

impl AnyBackend {
    /// Puts a backend behind a pointer. One that is behind a pointer already stays as it is.
    pub fn new<B: Backend>(backend: B) -> Self {
        if let Some(already) = (&backend as &dyn Any).downcast_ref::<Self>() {
            return already.clone();
        }
        Self(Arc::new(backend))
    }

    /// The backend itself, when it is a `B`.
    pub fn downcast_ref<B: Backend>(&self) -> Option<&B> {
        self.0.as_any().downcast_ref()
    }
}

impl Backend for AnyBackend {
    fn info(&self) -> BackendInfo {
        self.0.info()
    }
    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        self.0.get(key, value_type).await
    }
    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        self.0.set(key, entry).await
    }
    async fn delete(&self, key: &Key) -> Result<()> {
        self.0.delete(key).await
    }
    async fn exists(&self, key: &Key) -> Result<bool> {
        self.0.exists(key).await
    }
    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        self.0.clear(namespace).await
    }
    async fn stats(&self) -> Result<Stats> {
        self.0.stats().await
    }
    async fn get_many(&self, keys: &[(Key, &'static ValueType)]) -> Result<Vec<Lookup>> {
        self.0.get_many(keys).await
    }
    async fn set_many(&self, entries: Vec<(Key, Entry)>) -> Result<()> {
        self.0.set_many(entries).await
    }
    async fn delete_many(&self, keys: &[Key]) -> Result<()> {
        self.0.delete_many(keys).await
    }
    async fn purge_expired(&self, namespace: &Namespace) -> Result<u64> {
        self.0.purge_expired(namespace).await
    }
    async fn ttl(&self, key: &Key) -> Result<TimeLeft> {
        self.0.ttl(key).await
    }
    async fn close(&self) -> Result<()> {
        self.0.close().await
    }
    fn peek(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Entry> {
        self.0.peek(key, value_type)
    }
    #[inline]
    fn peek_shared(&self, key: KeyDigest, value_type: &'static ValueType) -> Option<Seen> {
        self.0.peek_shared(key, value_type)
    }
    fn get_now(&self, key: &Key, value_type: &'static ValueType) -> Option<Lookup> {
        self.0.get_now(key, value_type)
    }
    fn set_now(&self, key: &Key, entry: Entry, now: Moment) -> Result<Result<()>, Entry> {
        self.0.set_now(key, entry, now)
    }
    fn delete_now(&self, key: &Key) -> bool {
        self.0.delete_now(key)
    }
    fn fence(&self) -> Option<Fence> {
        self.0.fence()
    }
    fn changes(&self) -> Option<Changes> {
        self.0.changes()
    }
    fn clock(&self) -> Option<Clock> {
        self.0.clock()
    }
}

impl fmt::Debug for AnyBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyBackend({})", self.0.info().name)
    }
}
