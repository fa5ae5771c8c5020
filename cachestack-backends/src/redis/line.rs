//! One life of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fred::clients::Client;
use fred::interfaces::ClientLike;
use fred::types::ConnectHandle;
use tokio::task::AbortHandle;

use super::error;
use super::setup::Setup;
use crate::error::{Error, ErrorKind, Result};

/// How many times `connect_timeout` all steps of connecting together may take: sentinels and clusters ask several
/// servers.
const MOST_STEPS: u32 = 4;

/// A client with an open connection, or with one to each primary of a cluster. Dropped, or cut, it closes them at once,
/// and what was not sent yet never is.
pub(super) struct Line {
    client: Client,
    router: AbortHandle,
    answers: AtomicU64,
}

impl Line {
    /// Connects. What is returned beside the line ends when the connection does.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when we are refused, [`Timeout`](ErrorKind::Timeout) or
    /// [`Unavailable`](ErrorKind::Unavailable) else.
    pub(super) async fn connect(
        setup: &Setup,
        attempt: usize,
    ) -> Result<(Arc<Self>, ConnectHandle)> {
        let client = setup.client(attempt);
        // Its task runs from the next `await` on, so that nothing is missed of what it tells.
        let ends = client.connect();
        let line = Self {
            client,
            router: ends.abort_handle(),
            answers: AtomicU64::new(0),
        };
        let limit = setup.connect_timeout.saturating_mul(MOST_STEPS);
        match tokio::time::timeout(limit, line.client.wait_for_connect()).await {
            Ok(Ok(())) => Ok((Arc::new(line), ends)),
            Ok(Err(refused)) => Err(error::no_connection(&setup.dsn, &refused)),
            Err(_) => {
                let message = format!("no connection to {} within {limit:?}", setup.dsn);
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether commands may still be sent. It is true of a connection that is lost until the client has seen that.
    pub(super) fn is_open(&self) -> bool {
        !self.router.is_finished()
    }

    pub(super) fn cut(&self) {
        self.router.abort();
    }

    /// How many operations were answered so far.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.cut();
    }
}
