//! What the clones of a backend share, what entries are called and how they are read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;

use super::commands::{self, Found, Write};
use super::config::RedisBuilder;
use super::link::Link;
use super::setup::Setup;
use crate::backend::Lookup;
use crate::clock::{Clock, Moment};
use crate::entry::{Entry, ValueType};
use crate::error::{Error, ErrorKind, Result};
use crate::fence::Fence;
use crate::key::{Key, KeyDigest, Namespace};
use crate::network::{Calls, Entries, Limits, Stored, key_name, namespace_name};
use crate::runtime::Pass;

/// What errors and stats call it.
pub(super) const NAME: &str = "redis";
/// How many operations may be under way at once.
const IN_FLIGHT: usize = 1024;
/// The largest string that a server takes unless it is told otherwise (`proto-max-bulk-len`).
const LARGEST: usize = 512 << 20;

pub(super) struct Store {
    pub(super) entries: Entries,
    pub(super) calls: Calls,
    pub(super) fence: Fence,
    pub(super) cluster: bool,
    pub(super) builder: RedisBuilder,
    links: Vec<Arc<Link>>,
}

impl Store {
    pub(super) fn new(builder: RedisBuilder, setup: Setup) -> Self {
        let config = &builder.config;
        let setup = Arc::new(setup);
        Self {
            entries: Entries {
                codec: config.serializer.clone(),
                clock: builder.clock.clone().unwrap_or_else(Clock::open),
                namespace: Namespace::new(&config.namespace),
                ttl: config.ttl,
                max_ttl: config.max_ttl,
                ..Entries::new(NAME, config.silent)
            },
            calls: Calls::new(Limits {
                timeout: config.timeout,
                in_flight: IN_FLIGHT,
            }),
            fence: Fence::new(),
            cluster: setup.is_cluster(),
            links: (0..config.pool_size)
                .map(|_| Link::new(Arc::clone(&setup)))
                .collect(),
            builder,
        }
    }

    /// The connection for a key.
    ///
    /// # Errors
    /// Why it is down, where that is known.
    pub(super) fn link(&self, key: KeyDigest) -> Result<Arc<Link>> {
        let link = &self.links[key.low() as usize % self.links.len()];
        link.check()?;
        Ok(Arc::clone(link))
    }

    pub(super) fn links(&self) -> Vec<Arc<Link>> {
        self.links.clone()
    }

    pub(super) fn seal(&self, key: &Key, entry: Entry) -> Result<Write> {
        let now = self.entries.clock.now();
        let value_type = entry.value_type();
        Ok(match self.entries.seal(key, entry)? {
            Stored::Bytes(sealed, _) if sealed.len() > LARGEST => {
                let message = format!(
                    "the entry takes {} bytes, a server takes {LARGEST}",
                    sealed.len()
                );
                return Err(Error::new(ErrorKind::TooLarge, message));
            }
            Stored::Bytes(sealed, left) => {
                let left = self.entries.left_of(value_type, left);
                let until = left.and_then(|left| now.checked_add(left));
                Write::Bytes(sealed.to_bytes().into(), until)
            }
            Stored::Nothing => Write::Nothing,
        })
    }

    pub(super) fn open(
        &self,
        key: &Key,
        found: Found,
        value_type: &'static ValueType,
        asked: Moment,
    ) -> Lookup {
        match found {
            Found::Nothing => Lookup::Miss,
            Found::Foreign => {
                self.entries.report.counters.corrupt.add(1);
                Lookup::Miss
            }
            Found::Bytes(bytes, left) => {
                let found = self.entries.open(key, &bytes, value_type, asked, left);
                if let Some(life) = self.entries.prolonged(&found, left) {
                    self.prolong(key, life);
                }
                found
            }
        }
    }

    /// Has the server keep what is there for so long from now on, behind the caller's back: where that fails, the
    /// next reader tries again.
    fn prolong(&self, key: &Key, life: Duration) {
        let (Ok(link), Ok(pass)) = (self.link(key.digest()), self.calls.pass()) else {
            return;
        };
        let limit = self.builder.config.timeout;
        let prolonging = commands::prolong(link, name_of(key), life);
        pass.spawn(async move { drop(timeout(limit, prolonging).await) });
    }

    /// Ends the operations to come. What is returned closes the connections.
    pub(super) fn end(&self) -> Option<(Pass, Vec<Arc<Link>>)> {
        if self.calls.is_closed() {
            // Whoever closed it lets what was begun come to its end.
            return None;
        }
        let pass = self.calls.close();
        if pass.is_none() {
            // Without a thread nothing was ever opened.
            self.links.iter().for_each(|link| link.end());
        }
        pass.map(|pass| (pass, self.links()))
    }
}

/// What a located key is called on the server.
pub(super) fn name_of(key: &Key) -> Bytes {
    let (namespace, text) = (namespace_name(key.namespace()), key_name(key));
    let mut name = String::with_capacity(namespace.len() + 1 + text.len());
    name.push_str(&namespace);
    name.push('/');
    name.push_str(&text);
    name.into()
}

/// What all names of a located namespace begin with.
pub(super) fn prefix_of(namespace: &Namespace) -> String {
    format!("{}/", namespace_name(namespace))
}

/// Closes connections on the I/O thread, and waits for that.
pub(super) async fn close(links: Vec<Arc<Link>>) {
    links.iter().for_each(|link| link.end());
    for link in links {
        link.gone().await;
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some((pass, links)) = self.end() {
            let held = pass.clone();
            // The thread, which may end with this, is held until the connections are closed.
            pass.spawn(async move {
                close(links).await;
                drop(held);
            });
        }
    }
}
