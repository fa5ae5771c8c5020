//! Durations in settings: written by people, never zero.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// Refuses a time of zero for the setting of that name.
///
/// # Errors
/// [`Config`](ErrorKind::Config), with what to write instead.
pub(crate) fn check_not_zero(name: &str, time: Option<Duration>) -> Result<()> {
    match time {
        Some(Duration::ZERO) => Err(Error::new(
            ErrorKind::Config,
            format!("{name} is zero, it must be longer; leave it out for none"),
        )),
        _ => Ok(()),
    }
}

/// `#[serde(with = "duration::optional")]` for a setting that may be left out.
pub mod optional {
    use std::fmt;
    use std::time::Duration;

    use serde::de::{Error, Unexpected};
    use serde::{Deserialize, Deserializer};

    /// Seconds as a number, or a text such as `"1h 30m"`; never zero.
    ///
    /// # Errors
    /// The deserializer's, with what is allowed.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let written = Option::<Written>::deserialize(deserializer)?;
        Ok(written.map(|Written(time)| time))
    }

    struct Written(Duration);

    impl<'de> Deserialize<'de> for Written {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Visitor).map(Self)
        }
    }

    struct Visitor;

    impl serde::de::Visitor<'_> for Visitor {
        type Value = Duration;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(
                "a time above zero: seconds as a number, or a text such as \"1h 30m\" or \"250ms\"",
            )
        }

        fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
            match seconds {
                0 => Err(E::invalid_value(Unexpected::Unsigned(0), &self)),
                seconds => Ok(Duration::from_secs(seconds)),
            }
        }

        fn visit_i64<E: Error>(self, seconds: i64) -> Result<Duration, E> {
            let unsigned = u64::try_from(seconds)
                .map_err(|_| E::invalid_value(Unexpected::Signed(seconds), &self))?;
            self.visit_u64(unsigned)
        }

        fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
            Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|time| !time.is_zero())
                .ok_or_else(|| E::invalid_value(Unexpected::Float(seconds), &self))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
            humantime::parse_duration(text)
                .ok()
                .filter(|time| !time.is_zero())
                .ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }
}
