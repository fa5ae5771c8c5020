//! The right to one connection, for one operation.

use std::sync::Arc;
use std::time::Instant;

use sqlx::postgres::PgConnection;

use super::error;
use super::pool::Pool;
use crate::error::Result;

/// A connection that one operation has to itself. Dropped in the middle of a request it is closed, as whatever comes
/// from it next belongs to that request.
pub(super) struct Lease {
    pool: Arc<Pool>,
    connection: Option<(PgConnection, Instant)>,
    is_reused: bool,
    is_used: bool,
}

impl Lease {
    pub(super) fn of(
        pool: &Arc<Pool>,
        connection: PgConnection,
        born: Instant,
        is_reused: bool,
    ) -> Self {
        Self {
            pool: Arc::clone(pool),
            connection: Some((connection, born)),
            is_reused,
            is_used: false,
        }
    }

    /// Whether it was idle before, so that the server may have closed it.
    pub(super) fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// The connection, which must be given back, or is closed.
    ///
    /// # Errors
    /// Never: it is there until it is given back.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection> {
        self.is_used = true;
        match &mut self.connection {
            Some((connection, _)) => Ok(connection),
            None => Err(error::lost()),
        }
    }

    /// The connection itself, for which nobody else accounts then.
    pub(super) fn take(&mut self) -> Option<(PgConnection, Instant)> {
        self.connection.take()
    }

    /// The last request ended, and the next may begin.
    pub(super) fn give_back(mut self) {
        self.is_used = false;
        self.is_reused = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((connection, born)) = self.connection.take() else {
            return;
        };
        match self.is_used {
            true => {
                drop(connection);
                self.pool.lost();
            }
            false => {
                let back = Self::of(&self.pool, connection, born, self.is_reused);
                self.pool.hand_over(back);
            }
        }
    }
}
