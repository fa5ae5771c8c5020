//! What the operations do on the server. All of it runs on the library's I/O thread.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo};
use sqlx::{Postgres, Row, SqlStr, Type};

use super::ask::{Answer, Bound, Manner};
use super::config::{Checked, PostgresConfig};
use super::error;
use super::pool::{self, Pool};
use super::row::microseconds;
use super::sql::BATCH;
use super::table::Table;
use super::upkeep::Upkeep;
use crate::clock::Moment;
use crate::codec::Sealed;
use crate::error::Result;
use crate::fence::Fence;
use crate::key::{Key, Namespace};
use crate::network::{Calls, Entries, Limits, key_name, namespace_name};

/// How long an operation on a whole namespace, or the making of the table, may take.
pub(super) const LONG: Duration = Duration::from_secs(30);
/// How many operations may be under way at once; far more than connections, so that none of those waits for work.
const IN_FLIGHT: usize = 1_024;
/// The largest entry. PostgreSQL takes four times as much, but several copies of it at once.
pub(super) const MOST: usize = 256 << 20;
/// The largest `set_many`, which is one message to the server.
pub(super) const MOST_TOGETHER: usize = 768 << 20;

pub(super) struct Store {
    pub(super) config: PostgresConfig,
    pub(super) entries: Entries,
    pub(super) calls: Calls,
    pub(super) fence: Fence,
    pub(super) pool: Arc<Pool>,
    pub(super) table: Table,
    pub(super) upkeep: Upkeep,
    short: Manner,
    long: Manner,
}

/// An answer, and a moment right before the server was asked for it.
pub(super) struct Asked<A> {
    pub(super) answer: A,
    pub(super) at: Moment,
}

/// An entry on its way to the server.
pub(super) struct Outgoing {
    pub(super) place: Key,
    /// Nothing for one that has ended already.
    pub(super) sealed: Option<Sealed>,
    /// The moment it was sealed at, and how long it is to live from then on.
    pub(super) left: Option<(Moment, Duration)>,
}

impl Store {
    pub(super) fn new(checked: Checked) -> Self {
        let config = checked.config;
        let limits = pool::Limits {
            min: config.min_pool_size as usize,
            max: config.max_pool_size as usize,
            connect_timeout: config.connect_timeout,
        };
        let entries = Entries {
            codec: config.serializer.clone(),
            clock: checked.clock,
            namespace: Namespace::new(&config.namespace),
            ttl: config.ttl,
            max_ttl: config.max_ttl,
            ..Entries::new("postgres", config.silent)
        };
        Self {
            entries,
            calls: Calls::new(Limits {
                timeout: config.timeout,
                in_flight: IN_FLIGHT,
            }),
            fence: Fence::new(),
            pool: Pool::new(checked.address.0, limits),
            table: Table::new(checked.table, &config),
            upkeep: Upkeep::default(),
            short: Manner::short(config.pgbouncer, config.timeout),
            long: Manner::long(config.pgbouncer, LONG),
            config,
        }
    }

    pub(super) async fn get(self: Arc<Self>, place: Key) -> Result<Asked<Option<PgRow>>> {
        let get = &self.table.statements.get;
        self.ask_in_time(get, |it| named(it, &place)).await
    }

    pub(super) async fn ttl(self: Arc<Self>, place: Key) -> Result<Option<PgRow>> {
        let ttl = &self.table.statements.ttl;
        self.ask(&self.short, ttl, |it| named(it, &place)).await
    }

    pub(super) async fn get_many(self: Arc<Self>, places: Vec<Key>) -> Result<Asked<Vec<PgRow>>> {
        let get_many = &self.table.statements.get_many;
        self.ask_in_time(get_many, |it| all_named(it, &places))
            .await
    }

    async fn ask_in_time<A: Answer>(
        self: &Arc<Self>,
        statement: &SqlStr,
        bind: impl Fn(Bound) -> Bound + Send + Sync,
    ) -> Result<Asked<A>> {
        let clock = &self.entries.clock;
        let asked = Mutex::new(clock.now());
        let bind = |it| {
            // The wait for a connection is over here, and what is left of an entry is told after this.
            *asked.lock().unwrap_or_else(PoisonError::into_inner) = clock.now();
            bind(it)
        };
        let answer = self.ask(&self.short, statement, bind).await?;
        let at = *asked.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Asked { answer, at })
    }

    pub(super) async fn set(self: Arc<Self>, entry: Outgoing) -> Result<()> {
        let Some(sealed) = &entry.sealed else {
            return self.delete(entry.place).await.map(drop);
        };
        let bind = |it| {
            let it: Bound = named(it, &entry.place);
            it.bind(Parts(Some(sealed))).bind(self.microseconds(&entry))
        };
        let set = &self.table.statements.set;
        self.ask::<u64>(&self.short, set, bind).await?;
        Ok(())
    }

    /// Sets all of them, which are in order and of different keys. One that has ended becomes a row that has, for a purge
    /// to free: to delete it here would lock out of order.
    pub(super) async fn set_many(self: Arc<Self>, entries: Vec<Outgoing>) -> Result<()> {
        let bind = |it| {
            let parts = entries.iter().map(|entry| Parts(entry.sealed.as_ref()));
            let parts: Vec<Parts<'_>> = parts.collect();
            let times = entries.iter().map(|entry| match entry.sealed {
                Some(_) => self.microseconds(entry),
                None => Some(0),
            });
            let times: Vec<Option<i64>> = times.collect();
            all_named(it, entries.iter().map(|entry| &entry.place))
                .bind(parts)
                .bind(times)
        };
        let set_many = &self.table.statements.set_many;
        self.ask::<u64>(&self.short, set_many, bind).await?;
        Ok(())
    }

    /// What it has still to live; the time that it waited for its turn has passed.
    fn microseconds(&self, entry: &Outgoing) -> Option<i64> {
        entry.left.map(|(sealed_at, left)| {
            let waited = self.entries.clock.now().since(sealed_at);
            microseconds(left.saturating_sub(waited))
        })
    }

    /// Lets what is there live for so long from now on.
    pub(super) async fn prolong(self: Arc<Self>, place: Key, life: Duration) -> Result<u64> {
        let prolong = &self.table.statements.prolong;
        let life = microseconds(life);
        let bind = |it| named(it, &place).bind(life);
        self.ask(&self.short, prolong, bind).await
    }

    pub(super) async fn delete(self: Arc<Self>, place: Key) -> Result<u64> {
        let delete = &self.table.statements.delete;
        self.ask(&self.short, delete, |it| named(it, &place)).await
    }

    pub(super) async fn delete_many(self: Arc<Self>, places: Vec<Key>) -> Result<u64> {
        let delete_many = &self.table.statements.delete_many;
        self.ask(&self.short, delete_many, |it| all_named(it, &places))
            .await
    }

    /// Deletes a namespace, a batch after the other in the order of its keys: what is set behind the batch that is on
    /// stays, so it ends however fast others write.
    pub(super) async fn clear(self: Arc<Self>, namespace: Namespace) -> Result<()> {
        let clear = &self.table.statements.clear;
        let name = namespace_name(&namespace);
        let mut from = String::new();
        loop {
            let row: Option<PgRow> = self
                .ask(&self.long, clear, |it| it.bind(&*name).bind(&*from))
                .await?;
            let Some((count, last)) = row.map(|row| batch(&row)).transpose()? else {
                return Ok(());
            };
            match last {
                Some(last) if count >= BATCH => from = last,
                _ => return Ok(()),
            }
        }
    }

    /// Frees what has ended in a namespace, in batches. What another process is freeing is left to it.
    pub(super) async fn purge(self: Arc<Self>, namespace: Namespace) -> Result<u64> {
        let purge = &self.table.statements.purge;
        let name = namespace_name(&namespace);
        self.purge_by(purge, |it| it.bind(&*name)).await
    }

    /// The same for this backend's own namespace and those inside it; without one, for all.
    pub(super) async fn purge_own(self: &Arc<Self>) -> Result<u64> {
        let own = &self.entries.namespace;
        let name = namespace_name(own);
        let inside: Cow<'_, str> = match own.is_empty() {
            true => Cow::Borrowed(""),
            false => Cow::Owned(format!("{name}:")),
        };
        let purge = &self.table.statements.purge_own;
        self.purge_by(purge, |it| it.bind(&*name).bind(&*inside))
            .await
    }

    async fn purge_by(
        self: &Arc<Self>,
        purge: &SqlStr,
        bind: impl Fn(Bound) -> Bound + Send + Sync,
    ) -> Result<u64> {
        let mut freed = 0;
        loop {
            let row: Option<PgRow> = self.ask(&self.long, purge, &bind).await?;
            let count: i64 = match row {
                Some(row) => row.try_get(0).map_err(error::refused)?,
                None => 0,
            };
            let counted = u64::try_from(count).unwrap_or_default();
            freed += counted;
            self.entries.report.counters.expirations.add(counted);
            if count < BATCH {
                return Ok(freed);
            }
        }
    }
}

/// How many rows a batch of a clear deleted, and the last key.
fn batch(row: &PgRow) -> Result<(i64, Option<String>)> {
    let count = row.try_get(0).map_err(error::refused)?;
    let last = row.try_get(1).map_err(error::refused)?;
    Ok((count, last))
}

fn named(request: Bound, place: &Key) -> Bound {
    request
        .bind(namespace_name(place.namespace()))
        .bind(key_name(place))
}

fn all_named<'a>(request: Bound, places: impl IntoIterator<Item = &'a Key>) -> Bound {
    let names = places
        .into_iter()
        .map(|place| (namespace_name(place.namespace()), key_name(place)));
    let (namespaces, keys): (Vec<_>, Vec<_>) = names.unzip();
    request.bind(namespaces).bind(keys)
}

/// Both parts of an entry as one value, without making them one before.
#[derive(Clone, Copy)]
struct Parts<'a>(Option<&'a Sealed>);

impl Encode<'_, Postgres> for Parts<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        if let Some(sealed) = self.0 {
            buffer.extend_from_slice(sealed.header.as_bytes());
            buffer.extend_from_slice(&sealed.payload);
        }
        Ok(IsNull::No)
    }
}

impl Type<Postgres> for Parts<'_> {
    fn type_info() -> PgTypeInfo {
        <[u8] as Type<Postgres>>::type_info()
    }
}

impl PgHasArrayType for Parts<'_> {
    fn array_type_info() -> PgTypeInfo {
        Vec::<u8>::array_type_info()
    }
}
