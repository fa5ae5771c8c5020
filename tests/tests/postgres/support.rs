//! What the tests share: one server for all of them, and a raw connection beside the store.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use cachestack::{
    Backend, Clock, Entry, Key, Lookup, Namespace, PostgresBackend, PostgresBuilder, ValueType,
};
use cachestack_tests::servers::Postgres;
use futures_executor::block_on;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use tokio::runtime::{Builder, Runtime};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// What no test should take.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// The server of this process. It ends with it.
pub(super) fn server() -> &'static Postgres {
    static SERVER: LazyLock<Postgres> =
        LazyLock::new(|| Postgres::builder().setting("max_connections=300").start());
    &SERVER
}

/// A name that no other test has.
pub(super) fn fresh(name: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{name} {} {count}", std::process::id())
}

/// A store on the server, patient enough for a busy machine, with the table of that name.
pub(super) fn on(dsn: &str, table: &str) -> PostgresBuilder {
    PostgresBackend::builder(dsn)
        .table(table)
        .timeout(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(10))
}

/// The same on the server of all.
pub(super) fn builder(table: &str) -> PostgresBuilder {
    on(&server().dsn(), table)
}

pub(super) fn open(table: &str) -> PostgresBackend {
    builder(table).build().unwrap()
}

/// A connection past the store, with a runtime of its own.
pub(super) struct Raw {
    runtime: Runtime,
    connection: PgConnection,
}

impl Raw {
    pub(super) fn to(dsn: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let options: PgConnectOptions = dsn.parse().unwrap();
        let connection = runtime.block_on(options.connect()).unwrap();
        Self {
            runtime,
            connection,
        }
    }

    /// To the server of all.
    pub(super) fn new() -> Self {
        Self::to(&server().dsn())
    }

    /// Runs statements.
    pub(super) fn run(&mut self, sql: &str) {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let ran = self.runtime.block_on(query.execute(&mut self.connection));
        ran.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The rows of a query with these texts as parameters.
    pub(super) fn rows(&mut self, sql: &str, parameters: &[&str]) -> Vec<PgRow> {
        let mut query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        for parameter in parameters {
            query = query.bind(*parameter);
        }
        let rows = self.runtime.block_on(query.fetch_all(&mut self.connection));
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The one number of a query.
    pub(super) fn count(&mut self, sql: &str) -> i64 {
        self.rows(sql, &[])[0].get(0)
    }

    /// The one text of a query.
    pub(super) fn text(&mut self, sql: &str) -> String {
        self.rows(sql, &[])[0].get(0)
    }

    /// Changes the bytes of one row.
    pub(super) fn edit(&mut self, table: &str, key: &Key, edit: &mut dyn FnMut(&mut Vec<u8>)) {
        let table = quoted(table);
        let place = [key.namespace().as_str(), key.text()];
        let select = format!("SELECT entry FROM {table} WHERE namespace = $1 AND key = $2");
        let mut bytes: Vec<u8> = self.rows(&select, &place)[0].get(0);
        edit(&mut bytes);
        let update = format!("UPDATE {table} SET entry = $3 WHERE namespace = $1 AND key = $2");
        let update = sqlx::query(AssertSqlSafe(update))
            .bind(place[0])
            .bind(place[1])
            .bind(bytes);
        let done = self.runtime.block_on(update.execute(&mut self.connection));
        assert_eq!(done.unwrap().rows_affected(), 1);
    }
}

/// The name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn key(text: &str) -> Key {
    in_space("shop", text)
}

pub(super) fn in_space(namespace: &str, text: &str) -> Key {
    Key::new(&Namespace::new(namespace), text)
}

pub(super) fn entry(value: impl Into<String>) -> Entry {
    Entry::new(value.into(), Clock::system().now())
}

pub(super) fn lasting(value: impl Into<String>, time: Duration) -> Entry {
    let now = Clock::system().now();
    Entry::new(value.into(), now).expiring(now.checked_add(time))
}

pub(super) async fn set(backend: &PostgresBackend, key: &Key, value: &str) {
    backend.set(key, entry(value)).await.unwrap();
}

pub(super) async fn get(backend: &PostgresBackend, key: &Key) -> Option<String> {
    let found = backend.get(key, ValueType::of::<String>()).await.unwrap();
    value(found)
}

pub(super) fn value(found: Lookup) -> Option<String> {
    found
        .hit()
        .map(|entry| entry.value::<String>().unwrap().clone())
}

/// That an entry can be written, read and deleted.
pub(super) fn works(backend: &PostgresBackend) {
    let key = key("works");
    block_on(async {
        set(backend, &key, "yes").await;
        assert_eq!(get(backend, &key).await.as_deref(), Some("yes"));
        backend.delete(&key).await.unwrap();
        assert_eq!(get(backend, &key).await, None);
    });
}
