//! A whole cache as plain data.

use std::fmt;
use std::time::Duration;

use cachestack_backends::duration::optional;
use cachestack_backends::table::Table;
use cachestack_backends::{Error, LayerConfig, Operation, Result, WriteStrategy};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Cache;
use super::freshness::Freshness;

/// The settings of a whole [`Cache`] with its layers as plain data, to be filled from a configuration file
/// or from the environment by any crate that works with serde.
///
/// Unknown fields are refused. Times are seconds as a number, or a text such as `"1h 30m"`. In TOML:
///
/// ```toml
/// namespace = "shop"
/// ttl = "10m"
///
/// [layers.0]
/// memory.max_entries = 10_000
///
/// [layers.1]
/// file.directory = "/var/cache/shop"
/// deadline = "250ms"
/// ```
///
/// ```
/// use cachestack::{Cache, CacheConfig};
///
/// # #[cfg(feature = "json")] {
/// let config: CacheConfig = serde_json::from_str(
///     r#"{"namespace": "shop", "layers": [{"memory": {"max_entries": 500}}]}"#,
/// ).expect("a valid configuration");
/// let cache = Cache::from_config(config)?;
/// # }
/// # Ok::<(), cachestack::Error>(())
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CacheConfig {
    /// The namespace of all keys. Default: the empty one.
    pub namespace: String,
    /// How long an entry lives that is stored without a ttl of its own. Default: what each layer says.
    #[serde(with = "optional")]
    pub ttl: Option<Duration>,
    /// The longest any entry lives, whatever it is stored with. Default: no limit.
    #[serde(with = "optional")]
    pub max_ttl: Option<Duration>,
    /// How long callers wait for the one that computes, before one of them computes too. Default: 10 s.
    #[serde(with = "optional")]
    pub wait: Option<Duration>,
    /// For how long after its ttl a value is served at once while a new one is computed. Default: not at all.
    #[serde(with = "optional")]
    pub stale_while_revalidate: Option<Duration>,
    /// For how long after its ttl a value is served where computing a new one fails. Default: not at all.
    #[serde(with = "optional")]
    pub stale_if_error: Option<Duration>,
    /// How long after a failed computation the next is tried, where there is an old value. Default: 5 s.
    #[serde(with = "optional")]
    pub retry_after: Option<Duration>,
    /// After what part of its ttl a value is computed anew by a hit: above 0 and below 1. Default: never.
    pub refresh_ahead: Option<f64>,
    /// How long a computation is waited for where there is a stale value that may be served. Default: to its end.
    #[serde(with = "optional")]
    pub timeout: Option<Duration>,
    /// How long a call of a function takes at most that has `hard_timeout` among its arguments. Default: for ever.
    #[serde(with = "optional")]
    pub hard_timeout: Option<Duration>,
    /// By what part of it a ttl is shortened at most, at random: from 0 to 1. Default: 0.
    pub jitter: Option<f64>,
    /// How many computations run in the background at once. Default: 64.
    pub max_background: Option<usize>,
    /// When layers get what is set: `"write_through"` or `"write_back"`. Default: `"write_through"`.
    pub write_strategy: WriteStrategy,
    /// Whether failures of the stack are only counted, and an operation by hand does as if nothing were
    /// there. Default: no.
    pub silent: bool,
    /// The layers, top first: a map with the numbers 0, 1, … as keys, or a sequence (`[[layers]]` in TOML),
    /// which no crate can merge with what stands elsewhere, such as in the environment.
    /// Default: an embedded memory store of 10,000 entries, where the feature `memory` is on.
    #[serde(deserialize_with = "in_order")]
    pub layers: Vec<LayerConfig>,
}

impl Cache {
    /// The cache that plain data describes.
    ///
    /// # Errors
    /// [`Config`](crate::ErrorKind::Config) that names the layer and the setting that is wrong and says what is
    /// allowed; what opening a store says.
    pub fn from_config(config: CacheConfig) -> Result<Self> {
        let mut builder = Self::builder()
            .namespace(config.namespace)
            .write_strategy(config.write_strategy)
            .silent(config.silent);
        if let Some(ttl) = config.ttl {
            builder = builder.ttl(ttl);
        }
        if let Some(max_ttl) = config.max_ttl {
            builder = builder.max_ttl(max_ttl);
        }
        if let Some(wait) = config.wait {
            builder = builder.wait(wait);
        }
        builder = builder.freshness(Freshness {
            stale_while_revalidate: config.stale_while_revalidate,
            stale_if_error: config.stale_if_error,
            refresh_ahead: config.refresh_ahead,
            timeout: config.timeout,
            hard_timeout: config.hard_timeout,
            jitter: config.jitter,
        });
        if let Some(retry_after) = config.retry_after {
            builder = builder.retry_after(retry_after);
        }
        if let Some(max_background) = config.max_background {
            builder = builder.max_background(max_background);
        }
        for (index, layer) in config.layers.into_iter().enumerate() {
            let layer = layer.build();
            builder = builder.layer(layer.map_err(|error| in_layer(index, error))?);
        }
        builder.build()
    }
}

fn in_layer(index: usize, error: Error) -> Error {
    let backend = error.backend().unwrap_or("cache").to_owned();
    let message = format!("layers.{index}: {}", error.message());
    Error::new(error.kind(), message).at(backend, Operation::Open)
}

/// A sequence of layers, or a map from their numbers.
fn in_order<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<LayerConfig>, D::Error> {
    struct Layers;

    impl<'de> Visitor<'de> for Layers {
        type Value = Vec<LayerConfig>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence of layers, or a map from the numbers 0, 1, … to layers")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
            let mut layers = Vec::new();
            while let Some(layer) = from.next_element()? {
                let Table(layer) = layer;
                layers.push(layer);
            }
            Ok(layers)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
            let mut layers: Vec<(usize, LayerConfig)> = Vec::new();
            while let Some(key) = from.next_key::<String>()? {
                let number = key.parse().map_err(|_| {
                    let message = format!("`{key}` is not the number of a layer: 0 is the top");
                    A::Error::custom(message)
                })?;
                let Table(layer) = from.next_value()?;
                layers.push((number, layer));
            }
            layers.sort_by_key(|(number, _)| *number);
            match layers
                .iter()
                .enumerate()
                .find(|(i, (number, _))| i != number)
            {
                Some((missing, _)) => Err(A::Error::custom(format!("layer {missing} is missing"))),
                None => Ok(layers.into_iter().map(|(_, layer)| layer).collect()),
            }
        }
    }

    from.deserialize_any(Layers)
}
