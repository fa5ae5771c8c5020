//! What the settings of all stores on servers have in common.

use std::time::Duration;

use crate::duration;
use crate::error::Result;

/// Default settings, named for serde.
pub(crate) mod defaults {
    use std::time::Duration;

    use serde::Deserializer;

    use crate::duration;

    /// The longest any entry is kept.
    pub(crate) fn max_ttl() -> Duration {
        Duration::from_secs(30 * 24 * 60 * 60)
    }

    /// How long an operation may take.
    pub(crate) fn timeout() -> Duration {
        Duration::from_millis(500)
    }

    /// How long opening a connection may take.
    pub(crate) fn connect_timeout() -> Duration {
        Duration::from_secs(1)
    }

    pub(crate) fn max_ttl_or<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Ok(duration::optional::deserialize(from)?.unwrap_or_else(max_ttl))
    }

    pub(crate) fn timeout_or<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        Ok(duration::optional::deserialize(from)?.unwrap_or_else(timeout))
    }

    pub(crate) fn connect_timeout_or<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Duration, D::Error> {
        Ok(duration::optional::deserialize(from)?.unwrap_or_else(connect_timeout))
    }
}

/// Refuses times of zero, by the names of their settings.
///
/// # Errors
/// [`Config`](crate::ErrorKind::Config), with what to write instead.
pub(crate) fn check_times<const N: usize>(times: [(&str, Option<Duration>); N]) -> Result<()> {
    times
        .into_iter()
        .try_for_each(|(name, time)| duration::check_not_zero(name, time))
}
