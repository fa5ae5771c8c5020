//! PostgreSQL through `sqlx`.

use cachestack::{AnyBackend, PostgresBackend};
use cachestack_tests::servers::{Postgres, is_installed};
use sqlx::postgres::{PgPool, PgPoolOptions};

use tokio::runtime::Runtime;

use super::{Client, Pair, value};
use crate::table::Table;

/// As many as ours has unless it is told otherwise.
const CONNECTIONS: u32 = 8;

#[derive(Clone)]
struct Get(PgPool);

#[derive(Clone)]
struct Set(PgPool);

impl Client for Get {
    async fn once(&self, task: usize) {
        let found: Option<(Vec<u8>,)> = sqlx::query_as("SELECT entry FROM bare WHERE key = $1")
            .bind(format!("bare {task}"))
            .fetch_optional(&self.0)
            .await
            .expect("get");
        assert!(found.is_some());
    }
}

impl Client for Set {
    async fn once(&self, task: usize) {
        sqlx::query(
            "INSERT INTO bare (key, entry) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET entry = excluded.entry",
        )
        .bind(format!("bare {task}"))
        .bind(value().into_bytes())
        .execute(&self.0)
        .await
        .expect("set");
    }
}

pub(super) fn run(table: &mut Table, runtime: &Runtime) {
    if !is_installed("initdb") {
        return table.leave_out("server postgres: initdb is not installed");
    }
    let server = Postgres::start();
    let (bare, ours) = runtime.block_on(async {
        let bare = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .test_before_acquire(false)
            .connect(&server.dsn())
            .await
            .expect("a connection");
        sqlx::query("CREATE UNLOGGED TABLE bare (key text PRIMARY KEY, entry bytea NOT NULL)")
            .execute(&bare)
            .await
            .expect("a table");
        let ours = PostgresBackend::connect(server.dsn()).await;
        (bare, AnyBackend::new(ours.expect("a connection")))
    });
    let pair = Pair {
        store: "postgres",
        runtime,
        ours,
        get: Get(bare.clone()),
        set: Set(bare),
    };
    pair.rows(table);
    pair.close();
}
