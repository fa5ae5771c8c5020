//! The addresses that a Redis store takes.

use fred::types::config::{ClusterDiscoveryPolicy, Server, ServerConfig};

use crate::error::{Error, ErrorKind, Result};
use crate::network::Dsn;

/// What an address says. It holds the password, and is never shown.
pub(super) struct Target {
    pub(super) server: ServerConfig,
    pub(super) tls: bool,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    One,
    Cluster,
    Sentinel,
    Unix,
}

/// The schemes without TLS, in the order in which errors name them.
const SCHEMES: [(&str, Form); 5] = [
    ("redis", Form::One),
    ("redis-cluster", Form::Cluster),
    ("redis-sentinel", Form::Sentinel),
    ("redis+unix", Form::Unix),
    ("unix", Form::Unix),
];
/// What errors say of them.
const ALLOWED: &str = "redis://, rediss://, redis-cluster://, rediss-cluster://, redis-sentinel://, \
                       rediss-sentinel://, redis+unix:// or unix://";

const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config); no message repeats a part of the address that may be a secret.
    pub(super) fn parse(dsn: &Dsn) -> Result<Self> {
        let Some((scheme, rest)) = dsn.expose().split_once("://") else {
            return Err(wrong(format!(
                "dsn has no scheme, it must begin with {ALLOWED}"
            )));
        };
        let (form, tls) = form_of(scheme)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (user, place),
            None => ("", rest),
        };
        let mut asked = Parameters::read(query, form)?;
        let (username, password) = user.split_once(':').unwrap_or((user, ""));
        let username = text_of("user", username)?.or(asked.username.take());
        let password = text_of("password", password)?.or(asked.password.take());
        if username.is_some() && password.is_none() {
            return Err(wrong(
                "dsn names a user without a password; for a password alone write `:password@`",
            ));
        }
        let (server, database) = match form {
            Form::Unix => (unix(place)?, asked.database),
            _ => {
                let (hosts, path) = place.split_once('/').unwrap_or((place, ""));
                let number = match form {
                    Form::Sentinel => asked.name_in(path)?,
                    _ => path,
                };
                let in_path = (!number.is_empty()).then(|| database(number));
                let database = in_path.transpose()?.or(asked.database);
                (asked.server(form, hosts, tls)?, database)
            }
        };
        if form == Form::Cluster && database.is_some_and(|number| number != 0) {
            return Err(wrong(
                "dsn names a database, but a cluster has only number 0",
            ));
        }
        Ok(Self {
            server,
            tls,
            username,
            password,
            database,
        })
    }
}

fn form_of(scheme: &str) -> Result<(Form, bool)> {
    let bare = scheme.replacen("rediss", "redis", 1);
    let form = SCHEMES.iter().find(|(name, _)| *name == bare);
    match form {
        Some((_, Form::Unix)) if bare != scheme => {}
        Some((_, form)) => return Ok((*form, bare != scheme)),
        None => {}
    }
    // A password may stand before the first `://`, where the scheme is missing.
    let known = scheme.len() <= 20
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphabetic() || "+-.".contains(c));
    let what = match known {
        true => format!("dsn begins with {scheme}://"),
        false => "dsn begins with no scheme that is known".into(),
    };
    Err(wrong(format!("{what}, it must be {ALLOWED}")))
}

/// What stands behind the `?`.
#[derive(Default)]
struct Parameters {
    database: Option<u8>,
    username: Option<String>,
    password: Option<String>,
    nodes: Vec<String>,
    service: Option<String>,
    sentinel_username: Option<String>,
    sentinel_password: Option<String>,
}

impl Parameters {
    fn read(query: &str, form: Form) -> Result<Self> {
        let mut read = Self::default();
        for parameter in query.split('&').filter(|text| !text.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let text = || text_of("parameter", value);
            match (name, form) {
                ("db", _) => read.database = Some(database(value)?),
                ("username", _) => read.username = text()?,
                ("password", _) => read.password = text()?,
                ("node", Form::Cluster | Form::Sentinel) => read.nodes.extend(text()?),
                ("sentinelServiceName", Form::Sentinel) => read.service = text()?,
                ("sentinelUsername", Form::Sentinel) => read.sentinel_username = text()?,
                ("sentinelPassword", Form::Sentinel) => read.sentinel_password = text()?,
                _ => return Err(unknown_parameter(form)),
            }
        }
        Ok(read)
    }

    /// Takes the name of a primary from a path, which may have a database behind it; gives what is left.
    fn name_in<'a>(&mut self, path: &'a str) -> Result<&'a str> {
        if path.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(path);
        }
        let (name, number) = path.split_once('/').unwrap_or((path, ""));
        self.service = text_of("path", name)?;
        Ok(number)
    }

    fn server(self, form: Form, hosts: &str, tls: bool) -> Result<ServerConfig> {
        let port = match form {
            Form::Sentinel => SENTINEL_PORT,
            _ => PORT,
        };
        let written = hosts
            .split(',')
            .chain(self.nodes.iter().map(String::as_str));
        let mut hosts = written
            .map(|host| server(host, port, tls))
            .collect::<Result<Vec<Server>>>()?;
        match form {
            Form::One if hosts.len() > 1 => Err(wrong(
                "dsn names several servers; for a cluster write redis-cluster://, for sentinels redis-sentinel://",
            )),
            Form::One | Form::Unix => Ok(ServerConfig::Centralized {
                server: hosts.swap_remove(0),
            }),
            Form::Cluster => Ok(ServerConfig::Clustered {
                hosts,
                policy: ClusterDiscoveryPolicy::ConfigEndpoint,
            }),
            Form::Sentinel => Ok(ServerConfig::Sentinel {
                hosts,
                service_name: self.service.ok_or_else(|| {
                    wrong("dsn names no primary, add the name the sentinels know it by, such as /mymaster")
                })?,
                username: self.sentinel_username,
                password: self.sentinel_password,
            }),
        }
    }
}

fn unknown_parameter(form: Form) -> Error {
    let allowed = match form {
        Form::One | Form::Unix => "db, username, password",
        Form::Cluster => "username, password, node",
        Form::Sentinel => {
            "sentinelServiceName, sentinelUsername, sentinelPassword, db, username, password, node"
        }
    };
    wrong(format!(
        "dsn has a parameter that is not known; there are {allowed}"
    ))
}

fn server(written: &str, default_port: u16, tls: bool) -> Result<Server> {
    let (host, port) = match written.rsplit_once(':') {
        // The colons of a bare IPv6 address are no port's.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (written, None),
    };
    let port = match port {
        None | Some("") => default_port,
        Some(port) => (port.parse().ok().filter(|port| *port != 0))
            .ok_or_else(|| wrong("dsn has a port that is no number from 1 to 65535"))?,
    };
    let literal = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if host.is_empty() || (literal.is_none() && host.contains([':', '[', ']', ' '])) {
        return Err(wrong(
            "dsn has no host, or one that is no name or address; an IPv6 address stands in brackets",
        ));
    }
    Ok(match literal {
        // The name in a certificate has no brackets.
        Some(literal) if tls => Server::new_with_tls(host, port, Some(literal.into())),
        _ => Server::new(host, port),
    })
}

fn unix(place: &str) -> Result<ServerConfig> {
    match text_of("path", place)? {
        Some(path) if path.starts_with('/') => Ok(ServerConfig::Unix { path: path.into() }),
        _ => Err(wrong(
            "dsn has no absolute path of a socket, such as unix:///run/redis.sock",
        )),
    }
}

fn database(text: &str) -> Result<u8> {
    text.parse()
        .map_err(|_| wrong("dsn has a database that is no number from 0 to 255"))
}

/// A part with its percent-escapes resolved; `None` where nothing is written.
fn text_of(what: &str, written: &str) -> Result<Option<String>> {
    if written.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(written.len());
    let mut rest = written.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => match (rest.next().and_then(digit), rest.next().and_then(digit)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => {
                    return Err(wrong(format!(
                        "dsn has a `%` in its {what} that is not followed by two digits; write %25"
                    )));
                }
            },
            byte => byte,
        });
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| wrong(format!("dsn has a {what} that is no UTF-8")))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(dsn: &str) -> Target {
        Target::parse(&Dsn::from(dsn)).unwrap_or_else(|error| panic!("{dsn}: {error}"))
    }

    fn places(target: &Target) -> Vec<String> {
        target
            .server
            .hosts()
            .iter()
            .map(Server::to_string)
            .collect()
    }

    #[test]
    fn one_server_with_user_password_and_database() {
        let target = parse("redis://app:p%40ss%2Fword@cache.internal:7000/3");
        assert_eq!(places(&target), ["cache.internal:7000"]);
        assert_eq!(target.username.as_deref(), Some("app"));
        assert_eq!(target.password.as_deref(), Some("p@ss/word"));
        assert_eq!((target.database, target.tls), (Some(3), false));
        let target = parse("rediss://:secret@h");
        assert_eq!(places(&target), ["h:6379"]);
        assert_eq!((target.username, target.tls), (None, true));
        let target = parse("redis://[::1]/?db=2&password=secret");
        assert_eq!(places(&target), ["[::1]:6379"]);
        assert_eq!(
            (target.database, target.password.as_deref()),
            (Some(2), Some("secret"))
        );
    }

    #[test]
    fn several_nodes_sentinels_and_sockets() {
        let target = parse("rediss-cluster://:s@a:1,b:2,[::1]:3?node=c:4");
        assert!(target.server.is_clustered() && target.tls);
        assert_eq!(places(&target), ["a:1", "b:2", "[::1]:3", "c:4"]);
        let target = parse(
            "redis-sentinel://u:p@a,b:2/1?sentinelServiceName=main&sentinelPassword=other&sentinelUsername=s",
        );
        assert_eq!(places(&target), ["a:26379", "b:2"]);
        assert_eq!(target.database, Some(1));
        match target.server {
            ServerConfig::Sentinel {
                service_name,
                username,
                password,
                ..
            } => {
                assert_eq!(service_name, "main");
                assert_eq!(
                    (username.as_deref(), password.as_deref()),
                    (Some("s"), Some("other"))
                );
            }
            other => panic!("{other:?}"),
        }
        for (dsn, number) in [
            ("redis-sentinel://a/main", None),
            ("redis-sentinel://a/main/2", Some(2)),
        ] {
            let target = parse(dsn);
            assert!(
                matches!(&target.server, ServerConfig::Sentinel { service_name, .. } if service_name == "main")
            );
            assert_eq!(target.database, number);
        }
        for dsn in [
            "unix:///run/a b.sock?db=1",
            "redis+unix://:s@/run/a%20b.sock?db=1",
        ] {
            let target = parse(dsn);
            assert_eq!(target.database, Some(1));
            assert_eq!(
                target.server,
                ServerConfig::Unix {
                    path: "/run/a b.sock".into()
                }
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_a_secret() {
        for (dsn, expected) in [
            ("hunter2", "dsn has no scheme, it must begin with redis://"),
            ("http://h", "dsn begins with http://, it must be redis://"),
            (
                "hunter2@h://x",
                "dsn begins with no scheme that is known, it must be redis://",
            ),
            ("rediss+unix:///x", "dsn begins with rediss+unix://"),
            ("redis://", "dsn has no host"),
            ("redis://:hunter2@", "dsn has no host"),
            ("redis://:hunter2@h:port", "dsn has a port"),
            ("redis://:hunter2@h:0", "dsn has a port"),
            ("redis://::1", "dsn has no host"),
            ("redis://a,b", "dsn names several servers"),
            ("redis://h/x", "dsn has a database"),
            ("redis://h/300", "dsn has a database"),
            ("redis://hunter2@h", "dsn names a user without a password"),
            ("redis://u:hunter2%@h", "dsn has a `%` in its password"),
            (
                "redis://h?hunter2=1",
                "dsn has a parameter that is not known; there are db, username, password",
            ),
            (
                "redis-cluster://h/1",
                "dsn names a database, but a cluster has only number 0",
            ),
            ("redis-sentinel://h", "dsn names no primary"),
            ("unix://run/x", "dsn has no absolute path"),
        ] {
            let error = Target::parse(&Dsn::from(dsn)).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().starts_with(expected), "{dsn}: {error}");
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
