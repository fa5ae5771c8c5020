//! All servers together: which key goes where, and what becomes of entries on the way.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::config::MemcachedConfig;
use super::connection::Values;
use super::error::{lost, too_large};
use super::item::{self, Found, Item, Value};
use super::names::{Name, generation_name};
use super::node::Node;
use super::ring::Ring;
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::fence::Fence;
use crate::key::{Key, KeyDigest, Namespace};
use crate::network::{Calls, Entries, Stored};

pub(super) struct Store {
    pub(super) config: MemcachedConfig,
    pub(super) entries: Entries,
    pub(super) calls: Calls,
    pub(super) fence: Fence,
    pub(super) nodes: Arc<Nodes>,
}

pub(super) struct Nodes {
    pub(super) ring: Ring,
    pub(super) nodes: Vec<Arc<Node>>,
}

/// Where the entry of a key is.
pub(super) struct Place {
    /// With the backend's own namespace in front.
    pub(super) key: Key,
    /// Of the key as the caller knows it.
    pub(super) digest: KeyDigest,
    pub(super) name: Name,
    pub(super) server: usize,
}

/// What was asked for and what there is, server by server.
pub(super) struct Fetched {
    pub(super) places: Arc<[Place]>,
    values: Vec<Option<Arc<Values>>>,
}

impl Fetched {
    pub(super) fn at<'a>(&'a self, place: &Place) -> Found<'a> {
        match self.values.get(place.server) {
            Some(Some(values)) => Found::among(values, &place.name),
            _ => Found::Nothing,
        }
    }
}

impl Store {
    fn places<'a>(&self, keys: impl IntoIterator<Item = &'a Key>) -> Vec<Place> {
        let located = keys
            .into_iter()
            .map(|key| (key.digest(), self.entries.locate(key)));
        let located: Vec<(KeyDigest, Key)> = located.collect();
        let names: Vec<Name> = Name::of_each(located.iter().map(|(_, key)| key)).collect();
        let placed = located.into_iter().zip(names);
        let placed = placed.map(|((digest, key), name)| Place {
            key,
            digest,
            server: self.nodes.ring.server_of(&name.key),
            name,
        });
        placed.collect()
    }

    /// # Errors
    /// As [`Node::fetch`], and as [`Calls::read`].
    pub(super) async fn fetch<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a Key>,
    ) -> Result<Fetched> {
        let places: Arc<[Place]> = self.places(keys).into();
        let digests = places.iter().map(|place| place.digest);
        let (nodes, wanted) = (Arc::clone(&self.nodes), Arc::clone(&places));
        // In a box, as it is large and is handed on several times.
        let task = Box::pin(async move { nodes.fetch(&wanted).await });
        let values = self.calls.read(digests, task).await?;
        Ok(Fetched { places, values })
    }

    /// Stores entries, or deletes where there is none. Of several under one key the last counts.
    ///
    /// # Errors
    /// As [`Node::write`], and as [`Calls::write`]; [`TooLarge`](ErrorKind::TooLarge), and what
    /// [`Entries::seal`] says.
    pub(super) async fn write(&self, entries: Vec<(Key, Option<Entry>)>) -> Result<()> {
        let places = self.places(entries.iter().map(|(key, _)| key));
        let mut refused = None;
        let mut items = Vec::with_capacity(entries.len());
        for (place, (_, entry)) in places.into_iter().zip(entries) {
            let value = match entry {
                None => None,
                Some(entry) => self
                    .value(&place, entry, &mut refused)
                    .map_err(|error| error.about(place.digest))?,
            };
            let digest = place.digest;
            let name = place.name;
            items.push((
                place.server,
                Item {
                    name,
                    digest,
                    value,
                },
            ));
        }
        last_of_each(&mut items);
        let digests: Vec<_> = items.iter().map(|(_, item)| item.digest).collect();
        let nodes = Arc::clone(&self.nodes);
        let task = Box::pin(async move { nodes.write(items).await });
        self.calls.write(digests, task).await?;
        refused.map_or(Ok(()), Err)
    }

    /// An entry as it goes to the server; none when it has ended, or is longer than the settings allow, which is
    /// an error after everything was written.
    fn value(
        &self,
        place: &Place,
        entry: Entry,
        refused: &mut Option<Error>,
    ) -> Result<Option<Value>> {
        let stored = self.entries.seal(&place.key, entry)?;
        let Stored::Bytes(sealed, left) = stored else {
            return Ok(None);
        };
        let most = self.config.max_item_bytes;
        let size = item::size(&place.name, sealed.len());
        if size > most {
            let error = too_large(size, most).about(place.digest);
            refused.get_or_insert(error);
            return Ok(None);
        }
        let wall = self.entries.clock.wall();
        Ok(Some(Value::new(&sealed, left, wall)))
    }

    /// # Errors
    /// As [`Node::forget`], and as [`Calls::sweep`].
    pub(super) async fn clear(&self, namespace: &Namespace) -> Result<()> {
        let generation = generation_name(&self.entries.namespace.join(namespace));
        let (nodes, limit) = (Arc::clone(&self.nodes), self.config.timeout);
        let task = async move {
            let clear = nodes.clear(generation);
            // It is one short turn, however much there is in the namespace.
            let cleared = tokio::time::timeout(limit, clear).await;
            cleared.unwrap_or_else(|_| {
                let message = format!("no answer within {limit:?}");
                Err(Error::new(ErrorKind::Timeout, message))
            })
        };
        self.calls.sweep(task).await
    }

    /// Asks each server who it is, for as long as opening a connection may take.
    ///
    /// # Errors
    /// As [`Pool::greet`](super::pool::Pool::greet), a refusal before all others.
    pub(super) async fn greet(&self) -> Result<()> {
        let (nodes, limit) = (Arc::clone(&self.nodes), self.config.connect_timeout);
        let greeted = self.calls.pass()?.run(async move {
            let all = nodes.on_each(|node| async move { node.pool.greet().await });
            tokio::time::timeout(limit, all).await.ok()
        });
        let message = || format!("no answer within {limit:?}");
        let late = || Err(Error::new(ErrorKind::Timeout, message()));
        greeted.await.flatten().unwrap_or_else(late)
    }

    /// Closes what is open, after what is under way has ended.
    pub(super) async fn close(&self) {
        let Some(pass) = self.calls.close() else {
            return;
        };
        let (nodes, limit) = (Arc::clone(&self.nodes), self.config.timeout);
        let closed = pass.run(async move {
            let all = nodes.on_each(|node| async move {
                node.pool.close().await;
                Ok(())
            });
            // What is still under way then closes its connection itself.
            let _ = tokio::time::timeout(limit, all).await;
            nodes.nodes.iter().for_each(|node| node.pool.close_now());
        });
        let _ = closed.await;
    }
}

impl Nodes {
    async fn fetch(&self, places: &Arc<[Place]>) -> Result<Vec<Option<Arc<Values>>>> {
        let mut values = vec![None; self.nodes.len()];
        let first = places.first().map(|place| place.server);
        let Some(first) = first else {
            return Ok(values);
        };
        if places.iter().all(|place| place.server == first) {
            values[first] = Some(self.nodes[first].fetch(places, first).await?);
            return Ok(values);
        }
        let mut tasks = JoinSet::new();
        for (server, node) in self.nodes.iter().enumerate() {
            if places.iter().any(|place| place.server == server) {
                let (node, places) = (Arc::clone(node), Arc::clone(places));
                tasks.spawn(async move { Ok((server, node.fetch(&places, server).await?)) });
            }
        }
        for (server, found) in all(tasks).await? {
            values[server] = Some(found);
        }
        Ok(values)
    }

    async fn write(&self, items: Vec<(usize, Item)>) -> Result<()> {
        let Some(first) = items.first().map(|(server, _)| *server) else {
            return Ok(());
        };
        if items.iter().all(|(server, _)| *server == first) {
            let items = items.into_iter().map(|(_, item)| item).collect();
            return self.nodes[first].write(items).await;
        }
        let mut of_each: Vec<Vec<Item>> = Vec::new();
        of_each.resize_with(self.nodes.len(), Vec::new);
        for (server, item) in items {
            of_each[server].push(item);
        }
        let mut tasks = JoinSet::new();
        for (node, items) in self.nodes.iter().zip(of_each) {
            if !items.is_empty() {
                let node = Arc::clone(node);
                tasks.spawn(async move { node.write(items).await });
            }
        }
        all(tasks).await.map(drop)
    }

    async fn clear(&self, generation: Arc<str>) -> Result<()> {
        self.on_each(|node| {
            let generation = Arc::clone(&generation);
            async move { node.forget(&generation).await }
        })
        .await
    }

    /// The same on all servers at the same time.
    ///
    /// # Errors
    /// The first, after all have ended.
    pub(super) async fn on_each<F>(&self, run: impl Fn(Arc<Node>) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        if let [only] = self.nodes.as_slice() {
            return run(Arc::clone(only)).await;
        }
        let mut tasks = JoinSet::new();
        for node in &self.nodes {
            tasks.spawn(run(Arc::clone(node)));
        }
        all(tasks).await.map(drop)
    }
}

/// Waits for all of them; dropped before that, it ends them.
async fn all<T: 'static>(mut tasks: JoinSet<Result<T>>) -> Result<Vec<T>> {
    let (mut ended, mut failed) = (Vec::new(), None);
    while let Some(task) = tasks.join_next().await {
        match task.unwrap_or_else(|error| Err(lost(error))) {
            Ok(done) => ended.push(done),
            // What is wrong for good is the thing to know.
            Err(error) if error.is_retryable() => failed = failed.or(Some(error)),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(ended), Err)
}

/// Keeps the last of several items under one name.
fn last_of_each(items: &mut Vec<(usize, Item)>) {
    if items.len() < 2 {
        return;
    }
    let mut last = std::collections::HashMap::new();
    for (index, (_, item)) in items.iter().enumerate() {
        last.insert(item.name.key.clone(), index);
    }
    let mut index = 0;
    items.retain(|(_, item)| {
        index += 1;
        last.get(&item.name.key) == Some(&(index - 1))
    });
}
