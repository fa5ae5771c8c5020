//! Where the servers are, as people write it.

use std::fmt;
#[cfg(unix)]
use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};

/// The port of a server that is named without one.
const PORT: u16 = 11_211;
const SCHEME: &str = "memcached://";
const UNIX: &str = "unix://";

/// One server. `Display` is the form that its place on the ring is made from, so it may not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Tcp(String, u16),
    #[cfg(unix)]
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// All servers that those texts name, each of which may be a list with commas.
///
/// # Errors
/// [`Config`](ErrorKind::Config) when one is not an address, there is none, or one is there twice.
pub(super) fn parse_all(texts: &[String]) -> Result<Vec<Address>> {
    let mut addresses = Vec::new();
    for text in texts {
        // Looked for before the commas, of which a password may have some.
        if split(text).any(|one| one.contains('@') && !one.starts_with(UNIX)) {
            let wrong = "user and password are not supported, this protocol has none";
            return Err(refused(text, wrong));
        }
    }
    for one in texts.iter().flat_map(|text| split(text)) {
        let address = parse(one).map_err(|wrong| refused(one, &wrong))?;
        if addresses.contains(&address) {
            return Err(refused(one, "it is there twice"));
        }
        addresses.push(address);
    }
    if addresses.is_empty() {
        return Err(refused("", "there must be at least one server"));
    }
    Ok(addresses)
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim();
    let list = text.strip_prefix(SCHEME).unwrap_or(text);
    // Of an address such as `memcached://a,b/` only.
    let list = match list.len() < text.len() {
        true => list.strip_suffix('/').unwrap_or(list),
        false => list,
    };
    list.split(',').map(str::trim)
}

fn parse(text: &str) -> Result<Address, String> {
    if let Some(path) = text.strip_prefix(UNIX) {
        return socket(path);
    }
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(format!(
            "`{scheme}` is not a scheme of this store; write `{SCHEME}host:port`, `host:port` or `{UNIX}/path`"
        ));
    }
    if text.contains(['/', '?', '#']) {
        return Err(
            "a path or parameters are not part of it; settings belong to the builder".into(),
        );
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .ok_or("`[` without `]` around the IPv6 address")?,
        None => match text.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("an IPv6 address stands in brackets: `[::1]:11211`".into());
            }
            Some((host, _)) => text.split_at(host.len()),
            None => (text, ""),
        },
    };
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("the host is missing or has blanks".into());
    }
    Ok(Address::Tcp(host.to_ascii_lowercase(), port_of(port)?))
}

fn port_of(text: &str) -> Result<u16, String> {
    if text.is_empty() {
        return Ok(PORT);
    }
    let digits = text.strip_prefix(':').filter(|port| {
        let digit = |byte: u8| byte.is_ascii_digit();
        port.bytes().all(digit)
    });
    digits
        .and_then(|port| port.parse().ok())
        .filter(|port| *port > 0)
        .ok_or_else(|| "the port is not a number from 1 to 65535".into())
}

#[cfg(unix)]
fn socket(path: &str) -> Result<Address, String> {
    match path.starts_with('/') {
        true => Ok(Address::Unix(path.into())),
        false => Err(format!(
            "the socket's path must be absolute: `{UNIX}/run/memcached.sock`"
        )),
    }
}

#[cfg(not(unix))]
fn socket(_: &str) -> Result<Address, String> {
    Err("sockets in the file system need a Unix".into())
}

fn refused(text: &str, wrong: &str) -> Error {
    let message = match text {
        "" => format!("servers: {wrong}"),
        text => format!("servers: `{}`: {wrong}", shown(text)),
    };
    Error::new(ErrorKind::Config, message)
}

/// An address for people; of one that may have a password in it, only what stands behind, and no parameters.
pub(super) fn shown(text: &str) -> String {
    let (secret, place) = match text.rsplit_once('@') {
        Some((_, place)) => ("***@", place),
        None => ("", text),
    };
    match place.split_once('?') {
        Some((place, _)) => format!("{secret}{place}?***"),
        None => format!("{secret}{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &[&str]) -> Result<Vec<String>, String> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        match parse_all(&texts) {
            Ok(addresses) => Ok(addresses.iter().map(Address::to_string).collect()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Config);
                Err(error.message().to_owned())
            }
        }
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        for (text, read) in [
            ("cache", vec!["cache:11211"]),
            ("Cache:1", vec!["cache:1"]),
            ("127.0.0.1:65535", vec!["127.0.0.1:65535"]),
            ("[::1]", vec!["[::1]:11211"]),
            ("[::1]:9", vec!["[::1]:9"]),
            ("memcached://a:1,b:2", vec!["a:1", "b:2"]),
            ("memcached://a,b/", vec!["a:11211", "b:11211"]),
            (
                " a:1 , [::1]:2,unix:///run/m.sock",
                vec!["a:1", "[::1]:2", "unix:///run/m.sock"],
            ),
        ] {
            assert_eq!(all(&[text]).unwrap(), read, "{text}");
        }
        assert_eq!(all(&["a", "b:1,c"]).unwrap(), ["a:11211", "b:1", "c:11211"]);
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_to_write_instead() {
        for (texts, message) in [
            (&[][..], "servers: there must be at least one server"),
            (&[""], "servers: it is empty"),
            (&["a,,b"], "servers: it is empty"),
            (&["a:1", "A:1"], "servers: `A:1`: it is there twice"),
            (
                &["a:0"],
                "servers: `a:0`: the port is not a number from 1 to 65535",
            ),
            (
                &["a:+1"],
                "servers: `a:+1`: the port is not a number from 1 to 65535",
            ),
            (
                &["a:65536"],
                "servers: `a:65536`: the port is not a number from 1 to 65535",
            ),
            (
                &["[::1]1"],
                "servers: `[::1]1`: the port is not a number from 1 to 65535",
            ),
            (
                &["::1"],
                "servers: `::1`: an IPv6 address stands in brackets: `[::1]:11211`",
            ),
            (
                &["[::1"],
                "servers: `[::1`: `[` without `]` around the IPv6 address",
            ),
            (
                &[":11211"],
                "servers: `:11211`: the host is missing or has blanks",
            ),
            (
                &["a b"],
                "servers: `a b`: the host is missing or has blanks",
            ),
            (
                &["redis://a"],
                "servers: `redis://a`: `redis` is not a scheme of this store; write \
                 `memcached://host:port`, `host:port` or `unix:///path`",
            ),
            (
                &["memcached://a/0"],
                "servers: `a/0`: a path or parameters are not part of it; settings belong to the builder",
            ),
            (
                &["unix://m.sock"],
                "servers: `unix://m.sock`: the socket's path must be absolute: `unix:///run/memcached.sock`",
            ),
            (
                &["memcached://app:hunter2@a:1"],
                "servers: `***@a:1`: user and password are not supported, this protocol has none",
            ),
            (
                &["b,app:hunter2,hunter2@a:1"],
                "servers: `***@a:1`: user and password are not supported, this protocol has none",
            ),
            (
                &["a:1?password=hunter2"],
                "servers: `a:1?***`: a path or parameters are not part of it; settings belong to the builder",
            ),
        ] {
            assert_eq!(all(texts).unwrap_err(), message);
        }
    }
}
