//! A layer as plain data.

use std::time::Duration;

use serde::Deserialize;

use super::config::{Layer, check_some};
use crate::duration::{self, check_not_zero};
use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "file")]
use crate::file::{FileBackend, FileConfig};
#[cfg(feature = "memcached")]
use crate::memcached::{MemcachedBackend, MemcachedConfig};
#[cfg(feature = "memory")]
use crate::memory::{MemoryBackend, MemoryConfig};
#[cfg(feature = "postgres")]
use crate::postgres::{PostgresBackend, PostgresConfig};
#[cfg(feature = "redis")]
use crate::redis::{RedisBackend, RedisConfig};

/// One layer as plain data: the settings of its store under the store's name, and those of the layer
/// beside it. To be filled from a configuration file.
///
/// Exactly one store is named: `memory`, `file`, `redis`, `postgres` or `memcached`, as far as their features
/// are enabled. In TOML:
///
/// ```toml
/// [layers.0]
/// memory.max_entries = 10_000
///
/// [layers.1]
/// redis.dsn = "redis://127.0.0.1:6379/0"
/// deadline = "250ms"
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LayerConfig {
    /// See [`Layer::deadline`]. In a file: seconds, or a text such as `"250ms"`. Default: 2 s.
    #[serde(default, with = "duration::optional")]
    pub deadline: Option<Duration>,
    /// See [`Layer::breaker_failures`]. Default: 3.
    #[serde(default)]
    pub breaker_failures: Option<u32>,
    /// See [`Layer::max_pending`]. Default: 10,000.
    #[serde(default)]
    pub max_pending: Option<usize>,
    /// See [`Layer::silent`]. Default: no.
    #[serde(default)]
    pub silent: bool,
    /// A memory layer.
    #[cfg(feature = "memory")]
    #[serde(default, deserialize_with = "crate::table::optional")]
    pub memory: Option<MemoryConfig>,
    /// A layer of files.
    #[cfg(feature = "file")]
    #[serde(default, deserialize_with = "crate::table::optional")]
    pub file: Option<FileConfig>,
    /// A layer in Redis.
    #[cfg(feature = "redis")]
    #[serde(default, deserialize_with = "crate::table::optional")]
    pub redis: Option<RedisConfig>,
    /// A layer in a PostgreSQL table.
    #[cfg(feature = "postgres")]
    #[serde(default, deserialize_with = "crate::table::optional")]
    pub postgres: Option<PostgresConfig>,
    /// A layer on Memcached servers.
    #[cfg(feature = "memcached")]
    #[serde(default, deserialize_with = "crate::table::optional")]
    pub memcached: Option<MemcachedConfig>,
}

impl LayerConfig {
    /// The layer that is described.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when not exactly one store is named, and what its store says.
    pub fn build(self) -> Result<Layer> {
        check_not_zero("deadline", self.deadline)?;
        check_some(
            "breaker_failures",
            self.breaker_failures.map(|it| it as usize),
        )?;
        check_some("max_pending", self.max_pending)?;
        let stores: Vec<Option<(&str, Layer)>> = Vec::from([
            #[cfg(feature = "memory")]
            layer_of("memory", self.memory, MemoryBackend::new)?,
            #[cfg(feature = "file")]
            layer_of("file", self.file, FileBackend::new)?,
            #[cfg(feature = "redis")]
            layer_of("redis", self.redis, RedisBackend::new)?,
            #[cfg(feature = "postgres")]
            layer_of("postgres", self.postgres, PostgresBackend::new)?,
            #[cfg(feature = "memcached")]
            layer_of("memcached", self.memcached, MemcachedBackend::new)?,
        ]);
        let layers: Vec<(&str, Layer)> = stores.into_iter().flatten().collect();
        let named: Vec<&str> = layers.iter().map(|(name, _)| *name).collect();
        let named = named.join("` and `");
        let mut layers = layers.into_iter().map(|(_, layer)| layer);
        let (Some(mut layer), None) = (layers.next(), layers.next()) else {
            let found = match &*named {
                "" => "none is".to_owned(),
                named => format!("`{named}` are"),
            };
            let message =
                format!("a layer names exactly one store, and {found}; known are {KNOWN}");
            return Err(Error::new(ErrorKind::Config, message));
        };
        if let Some(deadline) = self.deadline {
            layer = layer.deadline(deadline);
        }
        if let Some(failures) = self.breaker_failures {
            layer = layer.breaker_failures(failures);
        }
        if let Some(most) = self.max_pending {
            layer = layer.max_pending(most);
        }
        Ok(layer.silent(self.silent))
    }
}

#[cfg(any(
    feature = "memory",
    feature = "file",
    feature = "redis",
    feature = "postgres",
    feature = "memcached"
))]
fn layer_of<C, B: crate::Backend>(
    name: &'static str,
    config: Option<C>,
    open: impl FnOnce(C) -> Result<B>,
) -> Result<Option<(&'static str, Layer)>> {
    let store = config.map(open).transpose()?;
    Ok(store.map(|store| (name, Layer::new(store))))
}

const KNOWN: &str = "`memory`, `file`, `redis`, `postgres` and `memcached`, each with its feature";
