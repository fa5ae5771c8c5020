//! Addresses with passwords in them.

use std::fmt;

use serde::Deserialize;

/// The address of a server, such as `redis://:password@host:6379/0`.
///
/// `Debug` and `Display` show neither user, password nor parameters; [`expose`](Self::expose) is the one way
/// to the whole text.
///
/// ```
/// # #[cfg(feature = "network")] {
/// use cachestack_backends::Dsn;
///
/// let dsn = Dsn::from("redis://app:secret@cache.internal:6379/0?timeout=5");
/// assert_eq!(dsn.to_string(), "redis://***@cache.internal:6379/0?***");
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Dsn(Box<str>);

impl Dsn {
    /// The whole text, password and all.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<S: Into<String>> From<S> for Dsn {
    fn from(text: S) -> Self {
        Self(text.into().into())
    }
}

impl fmt::Display for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of a text that is no address nobody knows where in it a password stands.
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str("***");
        };
        // A password may hold anything, `@`, `/` and `?` too, where its author forgot to escape them.
        let (secret, place) = match rest.rsplit_once('@') {
            Some((_, place)) => ("***@", place),
            None => ("", rest),
        };
        let (place, parameters) = match place.split_once('?') {
            Some((place, _)) => (place, "?***"),
            None => (place, ""),
        };
        write!(f, "{scheme}://{secret}{place}{parameters}")
    }
}

impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dsn({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_shown() {
        for (dsn, shown) in [
            ("redis://h:1/2", "redis://h:1/2"),
            ("redis://:hunter2@h:1/2", "redis://***@h:1/2"),
            ("rediss://u:hunter2@@h", "rediss://***@h"),
            ("redis://u:hunter2/x@h/0", "redis://***@h/0"),
            (
                "postgresql://u@h/db?password=hunter2",
                "postgresql://***@h/db?***",
            ),
            ("redis://h/0?password=hunter2@x", "redis://***@x"),
            ("host=h password=hunter2", "***"),
            ("hunter2", "***"),
        ] {
            assert_eq!(Dsn::from(dsn).to_string(), shown);
            assert!(!format!("{:?}", Dsn::from(dsn)).contains("hunter2"));
        }
    }
}
