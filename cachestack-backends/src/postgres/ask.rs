//! One request to the server: on which connection, in which transaction, and what is tried when it fails.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, Postgres, SqlSafeStr, SqlStr};

use super::address::milliseconds;
use super::error::{self, Remedy};
use super::lease::Lease;
use super::pool::Pool;
use super::store::Store;
use crate::error::Result;

/// A statement with its parameters.
pub(super) type Bound = Query<'static, Postgres, PgArguments>;

/// What is wanted of a request's answer.
pub(super) trait Answer: Sized + Send {
    fn to(
        request: Bound,
        connection: &mut PgConnection,
    ) -> impl Future<Output = sqlx::Result<Self>> + Send;
}

/// One row, or none.
impl Answer for Option<PgRow> {
    async fn to(request: Bound, connection: &mut PgConnection) -> sqlx::Result<Self> {
        request.fetch_optional(connection).await
    }
}

/// All rows.
impl Answer for Vec<PgRow> {
    async fn to(request: Bound, connection: &mut PgConnection) -> sqlx::Result<Self> {
        request.fetch_all(connection).await
    }
}

/// How many rows were changed.
impl Answer for u64 {
    async fn to(request: Bound, connection: &mut PgConnection) -> sqlx::Result<Self> {
        let done = request.execute(connection).await?;
        Ok(done.rows_affected())
    }
}

/// How requests of one kind are made.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// What begins the transaction around the request; without one the statement is its own.
    begin: Option<SqlStr>,
    /// Whether statements are prepared once for each connection.
    is_prepared: bool,
}

impl Manner {
    /// For one statement on keys. A pooler may send the next request to another session, so neither a statement
    /// nor a setting outlives the transaction there.
    pub(super) fn short(pgbouncer: bool, limit: Duration) -> Self {
        Self {
            begin: pgbouncer.then(|| begin(limit)),
            is_prepared: !pgbouncer,
        }
    }

    /// For what may take longer than an operation on keys.
    pub(super) fn long(pgbouncer: bool, limit: Duration) -> Self {
        Self {
            begin: Some(begin(limit)),
            is_prepared: !pgbouncer,
        }
    }
}

/// One turn for both: the server is to give up when nobody waits any more.
pub(super) fn begin(limit: Duration) -> SqlStr {
    let limit = milliseconds(limit);
    let begin = format!("BEGIN; SET LOCAL statement_timeout = {limit}");
    // Cloning what is owned copies it.
    AssertSqlSafe(Arc::<str>::from(begin)).into_sql_str()
}

/// A failed attempt on a connection.
pub(super) struct Failure {
    pub(super) error: sqlx::Error,
    pub(super) was_reused: bool,
}

impl Store {
    /// Sends a request when the table is ready. `bind` is called once for each attempt.
    ///
    /// # Errors
    /// When the server, or the way to it, fails, and what may help against that did not.
    pub(super) async fn ask<A: Answer>(
        self: &Arc<Self>,
        manner: &Manner,
        statement: &SqlStr,
        bind: impl Fn(Bound) -> Bound + Send + Sync,
    ) -> Result<A> {
        self.make_table().await?;
        let mut tried = Vec::new();
        loop {
            let failure = match attempt(&self.pool, manner, statement, &bind).await? {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match error::remedy(&failure.error, failure.was_reused) {
                Some(remedy) if !tried.contains(&remedy) => tried.push(remedy),
                _ => return Err(error::refused(failure.error)),
            }
            if tried.last() == Some(&Remedy::MakeTable) {
                self.table.forget();
                self.make_table().await?;
            }
        }
    }
}

/// Sends a request once.
///
/// # Errors
/// The outer one when there is no connection to send it on, the inner one when it failed there.
pub(super) async fn attempt<A: Answer>(
    pool: &Arc<Pool>,
    manner: &Manner,
    statement: &SqlStr,
    bind: &(impl Fn(Bound) -> Bound + Send + Sync),
) -> Result<Result<A, Failure>> {
    let mut lease = pool.lease().await?;
    let request = bind(sqlx::query(statement.clone())).persistent(manner.is_prepared);
    let connection = lease.connection()?;
    let answered = match &manner.begin {
        None => A::to(request, connection).await,
        Some(begin) => within_transaction(request, connection, begin.clone()).await,
    };
    Ok(finish(pool, lease, answered))
}

async fn within_transaction<A: Answer>(
    request: Bound,
    connection: &mut PgConnection,
    begin: SqlStr,
) -> sqlx::Result<A> {
    let mut transaction = connection.begin_with(begin).await?;
    match A::to(request, &mut transaction).await {
        Ok(answer) => {
            transaction.commit().await?;
            Ok(answer)
        }
        Err(error) if error::is_broken(&error) => Err(error),
        Err(error) => {
            transaction.rollback().await?;
            Err(error)
        }
    }
}

/// Gives the connection back when it is in order; else it goes, and with it those that were idle meanwhile.
pub(super) fn finish<A>(
    pool: &Arc<Pool>,
    lease: Lease,
    answered: sqlx::Result<A>,
) -> Result<A, Failure> {
    let was_reused = lease.is_reused();
    match answered {
        Ok(answer) => {
            lease.give_back();
            Ok(answer)
        }
        Err(error) => {
            match error::is_broken(&error) {
                false => lease.give_back(),
                true => {
                    drop(lease);
                    if was_reused {
                        pool.forget_idle();
                    }
                }
            }
            Err(Failure { error, was_reused })
        }
    }
}
