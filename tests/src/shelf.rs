//! A slow store for tests: a map whose operations can be held up and made to fail.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cachestack::{
    Backend, BackendInfo, Entry, Error, ErrorKind, Key, Lookup, Namespace, Operation, Result,
    Stats, ValueType,
};
use tokio::sync::Semaphore;

/// A store that is not immediate: a stack gives it bytes-free entries and waits for it. Clones share it.
#[derive(Debug, Clone)]
pub struct Shelf(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    detached: bool,
    map: Mutex<HashMap<Key, Entry>>,
    held: Mutex<Option<(Operation, Arc<Held>)>>,
    broken: Mutex<bool>,
    asked: Mutex<Vec<Operation>>,
}

#[derive(Debug)]
struct Held {
    arrived: Semaphore,
    open: Semaphore,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shelf {
    /// A store whose futures run on any thread.
    pub fn new() -> Self {
        Self::of(true)
    }

    /// A store whose futures must stay in their caller's runtime.
    pub fn attached() -> Self {
        Self::of(false)
    }

    fn of(detached: bool) -> Self {
        Self(Arc::new(Inner {
            detached,
            map: Mutex::default(),
            held: Mutex::default(),
            broken: Mutex::default(),
            asked: Mutex::default(),
        }))
    }

    /// From now on every operation fails, or none.
    pub fn set_broken(&self, broken: bool) {
        *lock(&self.0.broken) = broken;
    }

    /// From now on every operation of that sort waits until the hold is dropped.
    pub fn hold(&self, operation: Operation) -> Hold {
        let held = Arc::new(Held {
            arrived: Semaphore::new(0),
            open: Semaphore::new(0),
        });
        *lock(&self.0.held) = Some((operation, Arc::clone(&held)));
        Hold {
            shelf: self.clone(),
            held,
        }
    }

    /// How many entries are there. The numbers of generations, which a stack keeps beside them, are not counted,
    /// and nothing that is done to them is held up.
    pub fn len(&self) -> usize {
        let map = lock(&self.0.map);
        map.keys().filter(|key| !is_number(key)).count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often it was asked for that.
    pub fn asked(&self, operation: Operation) -> usize {
        let asked = lock(&self.0.asked);
        asked.iter().filter(|it| **it == operation).count()
    }

    /// Counts anew what it is asked for.
    pub fn forget_asked(&self) {
        lock(&self.0.asked).clear();
    }

    async fn enter_at(&self, key: &Key, operation: Operation) -> Result<()> {
        match is_number(key) {
            true => self.unless_broken(),
            false => self.enter(operation).await,
        }
    }

    async fn enter(&self, operation: Operation) -> Result<()> {
        lock(&self.0.asked).push(operation);
        let held = lock(&self.0.held).clone();
        if let Some((held_up, held)) = held {
            if held_up == operation {
                held.arrived.add_permits(1);
                // It is closed when the hold ends.
                let _ = held.open.acquire().await;
            }
        }
        self.unless_broken()
    }

    fn unless_broken(&self) -> Result<()> {
        match *lock(&self.0.broken) {
            true => Err(Error::new(
                ErrorKind::Unavailable,
                "the shelf fell off the wall",
            )),
            false => Ok(()),
        }
    }
}

fn is_number(key: &Key) -> bool {
    key.namespace().prefix().starts_with("%g:")
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new()
    }
}

/// Operations wait while this lives.
#[derive(Debug)]
#[must_use = "nothing waits any more when it is dropped"]
pub struct Hold {
    shelf: Shelf,
    held: Arc<Held>,
}

impl Hold {
    /// Waits until one more operation has arrived.
    pub async fn arrived(&self) {
        if let Ok(permit) = self.held.arrived.acquire().await {
            permit.forget();
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        *lock(&self.shelf.0.held) = None;
        self.held.open.close();
    }
}

impl Backend for Shelf {
    fn info(&self) -> BackendInfo {
        BackendInfo::new("shelf")
            .typed(true)
            .detached(self.0.detached)
    }

    async fn get(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        self.enter_at(key, Operation::Get).await?;
        let found = lock(&self.0.map).get(key).cloned();
        Ok(match found {
            Some(entry) if !value_type.describes(entry.any()) => Lookup::Mismatch,
            found => found.into(),
        })
    }

    async fn set(&self, key: &Key, entry: Entry) -> Result<()> {
        self.enter_at(key, Operation::Set).await?;
        lock(&self.0.map).insert(key.clone(), entry);
        Ok(())
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        self.enter_at(key, Operation::Delete).await?;
        lock(&self.0.map).remove(key);
        Ok(())
    }

    async fn exists(&self, key: &Key) -> Result<bool> {
        self.enter_at(key, Operation::Exists).await?;
        Ok(lock(&self.0.map).contains_key(key))
    }

    async fn clear(&self, namespace: &Namespace) -> Result<()> {
        self.enter(Operation::Clear).await?;
        lock(&self.0.map).retain(|key, _| key.namespace() != namespace);
        Ok(())
    }

    async fn stats(&self) -> Result<Stats> {
        Ok(Stats::new("shelf"))
    }
}
