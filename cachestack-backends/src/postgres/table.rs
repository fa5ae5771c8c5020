//! The table: made by whoever needs it first, and never touched when it is somebody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row, SqlStr};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::ask::{Bound, Failure, Manner, attempt, begin, finish};
use super::config::PostgresConfig;
use super::error::{self, Remedy};
use super::name::TableName;
use super::sql::{self, Statements};
use super::store::{LONG, Store};
use crate::error::Result;

pub(super) struct Table {
    name: TableName,
    is_unlogged: bool,
    pub(super) statements: Statements,
    manner: Manner,
    begin: SqlStr,
    is_ready: AtomicBool,
    turn: Arc<Mutex<()>>,
}

impl Table {
    pub(super) fn new(name: TableName, config: &PostgresConfig) -> Self {
        Self {
            statements: Statements::of(&name),
            name,
            is_unlogged: config.unlogged,
            manner: Manner::long(config.pgbouncer, LONG),
            begin: begin(LONG),
            is_ready: AtomicBool::new(false),
            turn: Arc::default(),
        }
    }

    /// The next operation looks at it anew.
    pub(super) fn forget(&self) {
        self.is_ready.store(false, Ordering::Release);
    }

    fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }
}

/// What is under the table's name.
enum There {
    Nothing,
    Ours,
    Other(String),
}

impl Store {
    /// Waits until the table is known to be there, made by this process or another.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) when something else has its name, and what the server says.
    pub(super) async fn make_table(self: &Arc<Self>) -> Result<()> {
        if self.table.is_ready() {
            return Ok(());
        }
        let turn = Arc::clone(&self.table.turn).lock_owned().await;
        if self.table.is_ready() {
            return Ok(());
        }
        let store = Arc::clone(self);
        // In a task of its own: an operation may run out of time while another process makes the table.
        let made = tokio::spawn(async move {
            let _turn = turn;
            let made = timeout(LONG, store.look_or_make()).await;
            made.unwrap_or_else(|_| Err(error::no_connection(LONG, store.pool.max())))?;
            store.table.is_ready.store(true, Ordering::Release);
            store.start_upkeep();
            Ok(())
        });
        made.await.unwrap_or_else(|_| Err(error::lost()))
    }

    async fn look_or_make(&self) -> Result<()> {
        let table = &self.table;
        let mut tries = 0;
        loop {
            match self.look().await? {
                There::Ours => return Ok(()),
                There::Other(what) => return Err(error::another_table(&table.name, &what)),
                There::Nothing => {}
            }
            match self.make().await? {
                Ok(()) => return Ok(()),
                // Somebody made it who does not take our turns; what it is like is to be seen.
                Err(failure) if tries < 3 && error::is_made_already(&failure.error) => tries += 1,
                Err(failure) if tries < 3 && is_lost(&failure) => tries += 1,
                Err(failure) => return Err(error::refused(failure.error)),
            }
        }
    }

    async fn look(&self) -> Result<There> {
        let table = &self.table;
        let name = table.name.to_string();
        let statement = SqlStr::from_static(sql::DESCRIBE);
        let bind = |it: Bound| it.bind(&*name);
        let ask = || attempt::<Option<PgRow>>(&self.pool, &table.manner, &statement, &bind);
        let row = match ask().await? {
            Err(failure) if is_lost(&failure) => ask().await?,
            answered => answered,
        };
        let row = row.map_err(|failure| error::refused(failure.error))?;
        row.map_or(Ok(There::Nothing), |row| {
            there(&row).map_err(error::refused)
        })
    }

    async fn make(&self) -> Result<Result<(), Failure>> {
        let mut lease = self.pool.lease().await?;
        let connection = lease.connection()?;
        let made = create(connection, &self.table).await;
        Ok(finish(&self.pool, lease, made))
    }
}

fn is_lost(failure: &Failure) -> bool {
    error::remedy(&failure.error, failure.was_reused) == Some(Remedy::Reconnect)
}

async fn create(connection: &mut PgConnection, table: &Table) -> sqlx::Result<()> {
    let mut transaction = connection.begin_with(table.begin.clone()).await?;
    // Whoever makes this table too waits here, and finds it afterwards.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(table.name.number())
        .persistent(false)
        .execute(&mut *transaction)
        .await?;
    let is_missing = sqlx::query("SELECT to_regclass($1) IS NULL")
        .bind(table.name.to_string())
        .persistent(false)
        .fetch_one(&mut *transaction)
        .await?
        .try_get(0)?;
    if is_missing {
        let create = sql::create(&table.name, table.is_unlogged);
        let made = sqlx::raw_sql(create).execute(&mut *transaction).await;
        if let Err(error) = made {
            if !error::is_broken(&error) {
                transaction.rollback().await?;
            }
            return Err(error);
        }
    }
    transaction.commit().await
}

fn there(row: &PgRow) -> sqlx::Result<There> {
    let kind: &str = row.try_get(0)?;
    let columns: Option<&str> = row.try_get(1)?;
    let (has_columns, is_unique): (bool, bool) = (row.try_get(2)?, row.try_get(3)?);
    let kind = match kind {
        // Partitioned ones will do.
        "r" | "p" => "a table",
        "v" => "a view",
        "m" => "a materialized view",
        "f" => "a foreign table",
        "S" => "a sequence",
        "i" | "I" => "an index",
        _ => "a type",
    };
    if kind == "a table" && has_columns && is_unique {
        return Ok(There::Ours);
    }
    let columns = columns.unwrap_or("no columns");
    let unique = match is_unique {
        true => "",
        false => ", without a unique index on (namespace, key)",
    };
    Ok(There::Other(format!("{kind} with {columns}{unique}")))
}
