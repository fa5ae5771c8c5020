//! The caller's part of the operations: entries become bytes before the task on the I/O thread, and rows become entries
//! after it. The code of values' types runs here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgRow;
use tokio::time::timeout;

use super::backend::PostgresBackend;
use super::error;
use super::row;
use super::store::{MOST, MOST_TOGETHER, Outgoing, Store};
use crate::backend::{Lookup, TimeLeft};
use crate::clock::Moment;
use crate::entry::{Entry, ValueType};
use crate::error::Result;
use crate::key::{Key, KeyDigest};
use crate::network::{Stored, key_name, namespace_name};

impl PostgresBackend {
    pub(super) fn store(&self) -> Arc<Store> {
        Arc::clone(&self.0)
    }

    /// The entry as it is sent, or why it cannot be.
    fn outgoing(&self, place: Key, entry: Entry) -> Result<Outgoing> {
        let entries = &self.0.entries;
        let now = entries.clock.now();
        let value_type = entry.value_type();
        Ok(match entries.seal(&place, entry)? {
            Stored::Nothing => Outgoing {
                place,
                sealed: None,
                left: None,
            },
            Stored::Bytes(sealed, left) => Outgoing {
                place,
                sealed: Some(sealed),
                left: entries.left_of(value_type, left).map(|left| (now, left)),
            },
        })
    }

    pub(super) async fn put(&self, key: &Key, entry: Entry) -> Result<()> {
        let place = self.0.entries.locate(key);
        let digest = [place.digest()];
        let entry = self.outgoing(place, entry)?;
        let size = entry.sealed.as_ref().map_or(0, |sealed| sealed.len());
        if size > MOST {
            let delete = self.store().delete(entry.place);
            self.0.calls.write(digest, delete).await?;
            return Err(error::too_large(size, MOST));
        }
        self.0.calls.write(digest, self.store().set(entry)).await?;
        self.0.entries.report.counters.writes.add(1);
        Ok(())
    }

    pub(super) async fn put_many(&self, entries: Vec<(Key, Entry)>) -> Result<()> {
        // In one order for all writers, and the last of each key.
        let mut last = BTreeMap::new();
        for (key, entry) in entries {
            let place = self.0.entries.locate(&key);
            let order = (
                namespace_name(place.namespace()).into_owned(),
                key_name(&place).into_owned(),
            );
            last.insert(order, (place, entry));
        }
        let entries = last
            .into_values()
            .map(|(place, entry)| self.outgoing(place, entry));
        let entries: Vec<Outgoing> = entries.collect::<Result<_>>()?;
        let sizes = |entry: &Outgoing| entry.sealed.as_ref().map_or(0, |sealed| sealed.len());
        let largest = entries.iter().map(sizes).max().unwrap_or_default();
        let together: usize = entries.iter().map(sizes).sum();
        let digests: Vec<KeyDigest> = entries.iter().map(|it| it.place.digest()).collect();
        if largest > MOST || together > MOST_TOGETHER {
            let places = entries.into_iter().map(|entry| entry.place).collect();
            let delete = self.store().delete_many(places);
            self.0.calls.write(digests, delete).await?;
            return Err(match largest > MOST {
                true => error::too_large(largest, MOST),
                false => error::too_large(together, MOST_TOGETHER),
            });
        }
        let count = entries.len() as u64;
        self.0
            .calls
            .write(digests, self.store().set_many(entries))
            .await?;
        self.0.entries.report.counters.writes.add(count);
        Ok(())
    }

    pub(super) async fn find(&self, key: &Key, value_type: &'static ValueType) -> Result<Lookup> {
        let place = self.0.entries.locate(key);
        let get = self.store().get(place.clone());
        let asked = self.0.calls.read([place.digest()], get).await?;
        asked.answer.map_or(Ok(Lookup::Miss), |row| {
            self.opened(&place, &row, 0, value_type, asked.at)
        })
    }

    pub(super) async fn find_many(
        &self,
        keys: &[(Key, &'static ValueType)],
    ) -> Result<Vec<Lookup>> {
        let mut places: Vec<Key> = Vec::with_capacity(keys.len());
        let mut indices = HashMap::with_capacity(keys.len());
        let wanted: Vec<usize> = keys
            .iter()
            .map(|(key, _)| {
                let place = self.0.entries.locate(key);
                *indices.entry(place.clone()).or_insert_with(|| {
                    places.push(place);
                    places.len() - 1
                })
            })
            .collect();
        let digests: Vec<KeyDigest> = places.iter().map(Key::digest).collect();
        let get = self.store().get_many(places.clone());
        let asked = self.0.calls.read(digests, get).await?;
        let mut rows: Vec<Option<&PgRow>> = vec![None; places.len()];
        for row in &asked.answer {
            let place: i64 = row.try_get(0).map_err(error::refused)?;
            // Counted from 1.
            let index = usize::try_from(place - 1).unwrap_or(usize::MAX);
            if let Some(found) = rows.get_mut(index) {
                *found = Some(row);
            }
        }
        let opened = wanted
            .into_iter()
            .zip(keys)
            .map(|(index, (_, value_type))| {
                let open = |row| self.opened(&places[index], row, 1, value_type, asked.at);
                rows[index].map_or(Ok(Lookup::Miss), open)
            });
        opened.collect()
    }

    /// The entry whose bytes stand in that column, and its end in the next.
    fn opened(
        &self,
        place: &Key,
        row: &PgRow,
        column: usize,
        value_type: &'static ValueType,
        asked: Moment,
    ) -> Result<Lookup> {
        let bytes = row::bytes(row, column).map_err(error::refused)?;
        let left = row::time_left(row, column + 1).map_err(error::refused)?;
        Ok(match left {
            TimeLeft::Missing => Lookup::Miss,
            left => {
                let entries = &self.0.entries;
                let found = entries.open(place, bytes, value_type, asked, left);
                if let Some(life) = entries.prolonged(&found, left) {
                    self.prolong(place, life);
                }
                found
            }
        })
    }

    /// Has the server keep what is there for so long from now on, behind the caller's back: where that fails, the
    /// next reader tries again.
    fn prolong(&self, place: &Key, life: Duration) {
        let Ok(pass) = self.0.calls.pass() else {
            return;
        };
        let prolonging = self.store().prolong(place.clone(), life);
        let limit = self.0.config.timeout;
        pass.spawn(async move { drop(timeout(limit, prolonging).await) });
    }

    pub(super) async fn left(&self, key: &Key) -> Result<TimeLeft> {
        let place = self.0.entries.locate(key);
        let digest = [place.digest()];
        let row = self.0.calls.read(digest, self.store().ttl(place)).await?;
        row.map_or(Ok(TimeLeft::Missing), |row| {
            row::time_left(&row, 0).map_err(error::refused)
        })
    }
}
