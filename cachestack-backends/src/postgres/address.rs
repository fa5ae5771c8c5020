//! From the text of an address to the client's options.

use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::config::PostgresConfig;
use crate::error::{Error, ErrorKind, Result};

/// What the client understands. It traces others with their values, which may be secrets, so they never reach it.
const PARAMETERS: [&str; 16] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "user",
];

/// How to reach the server. Holds the password, so it has no `Debug`.
pub(super) struct Address(pub(super) PgConnectOptions);

impl Address {
    /// Reads the `dsn`. What it leaves out comes from the environment (`PGHOST`, `PGUSER`, `PGPASSWORD`, …) and from
    /// `~/.pgpass`, as the client does it.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), without any part of the address.
    pub(super) fn parse(config: &PostgresConfig) -> Result<Self> {
        let text = config.dsn.expose();
        check(text)?;
        let named = with_host(text);
        let mut options: PgConnectOptions = named.as_deref().unwrap_or(text).parse().map_err(|_| {
            wrong(
                "dsn cannot be read; write postgresql://user:password@host:5432/database, with `@`, `/`, `?`, `#` \
                 and `%` in a password percent-escaped, and sslmode as one of disable, prefer, require, verify-ca \
                 and verify-full",
            )
        })?;
        if named.is_some() && options.get_host() == NO_HOST {
            let usual = PgConnectOptions::new_without_pgpass();
            options = options.host(usual.get_host());
        }
        // An address of IPv6 stands in brackets in an URL, and nowhere else.
        let bare = options.get_host().trim_matches(['[', ']']).to_owned();
        if bare != options.get_host() {
            options = options.host(&bare);
        }
        if options.get_application_name().is_none() {
            options = options.application_name("cachestack");
        }
        // Poolers refuse settings they do not know, and no number here is a float.
        options = options.extra_float_digits(None).disable_statement_logging();
        if config.pgbouncer {
            return Ok(Self(options.statement_cache_capacity(0)));
        }
        let own = options.get_options().unwrap_or_default();
        if !own.contains("statement_timeout") {
            let limit = milliseconds(config.timeout);
            options = options.options([("statement_timeout", limit)]);
        }
        Ok(Self(options))
    }
}

/// Stands for a host that is left out. No host is called so.
const NO_HOST: &str = "no-host.invalid";

/// The same address with a host, where a user stands before none, which no URL allows and PostgreSQL's own clients do.
fn with_host(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (user, host) = rest[..end].rsplit_once('@')?;
    let is_missing = host.is_empty() || host.starts_with(':');
    is_missing.then(|| format!("{scheme}://{user}@{NO_HOST}{host}{}", &rest[end..]))
}

/// A time for the server's settings, where 0 means none.
pub(super) fn milliseconds(time: Duration) -> u64 {
    const MOST: u128 = i32::MAX as u128;
    u64::try_from(time.as_millis().clamp(1, MOST)).unwrap_or(1)
}

fn check(text: &str) -> Result<()> {
    let Some(rest) = ["postgresql://", "postgres://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
    else {
        return Err(wrong(
            "dsn has another scheme than postgresql:// or postgres://; write \
             postgresql://user:password@host:5432/database, or postgresql://user@/database?host=/folder/of/the/socket",
        ));
    };
    let rest = rest.split('#').next().unwrap_or(rest);
    let (_, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let names = parameters.split('&').filter(|it| !it.is_empty());
    for (index, parameter) in names.enumerate() {
        let name = parameter.split('=').next().unwrap_or(parameter);
        let is_known = PARAMETERS.contains(&name)
            || name == "sslrootcert"
            || name == "statement-cache-capacity"
            || name.starts_with("options[");
        if !is_known {
            // Not by its name: in a password that was not escaped it is a part of that.
            let place = index + 1;
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "parameter {place} of dsn is unknown; known are {}, sslrootcert and options[..]",
                    PARAMETERS.join(", ")
                ),
            ));
        }
    }
    Ok(())
}

fn wrong(message: &'static str) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(dsn: &str) -> Result<PgConnectOptions> {
        Address::parse(&PostgresConfig::new(dsn)).map(|address| address.0)
    }

    #[test]
    fn both_schemes_sockets_and_brackets_are_read() {
        let options = parse("postgres://app:s%40crt@db.internal:6000/shop").unwrap();
        assert_eq!(options.get_host(), "db.internal");
        assert_eq!(options.get_port(), 6000);
        assert_eq!(options.get_username(), "app");
        assert_eq!(options.get_database(), Some("shop"));
        assert_eq!(options.get_application_name(), Some("cachestack"));
        assert_eq!(options.get_options(), Some("-c statement_timeout=500"));
        let options = parse("postgresql://u@/shop?host=/run/pg&application_name=x").unwrap();
        assert_eq!(
            options.get_socket().unwrap(),
            std::path::Path::new("/run/pg")
        );
        assert_eq!(options.get_application_name(), Some("x"));
        assert_eq!(parse("postgres://u@[::1]:1/x").unwrap().get_host(), "::1");
        let own = parse("postgres://h/x?options=-c%20statement_timeout%3D9").unwrap();
        assert_eq!(own.get_options(), Some("-c statement_timeout=9"));
    }

    #[test]
    fn wrong_addresses_are_refused_and_none_of_them_is_repeated() {
        for (dsn, why) in [
            ("mysql://u:hunter2@h/db", "another scheme"),
            ("host=h password=hunter2", "another scheme"),
            ("", "another scheme"),
            ("postgres://u:hunter2@h:99999/db", "cannot be read"),
            ("postgres://u:a/hunter2@h/db", "cannot be read"),
            ("postgres://h/db?sslmode=hunter2", "cannot be read"),
            ("postgres://h/db?hunter2=x", "parameter 1"),
            ("postgres://u:a?hunter2&b@h/db", "parameter 1"),
            ("postgres://h/db?user=x&passwd=hunter2", "parameter 2"),
        ] {
            let error = parse(dsn).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{dsn}");
            assert!(error.message().contains(why), "{dsn}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{dsn}");
        }
    }
}
