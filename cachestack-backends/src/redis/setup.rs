//! How the client is set up.
//!
//! One client is one life of a connection: it does not reconnect by itself, never sends anything twice, and ends
//! with the first connection it loses; `link.rs` then makes the next. (Left to itself it would keep what was asked of
//! it meanwhile and send that later, when its caller has long been told that it failed; and it would look for a
//! server that hangs only while nobody writes.)

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fred::clients::Client;
use fred::rustls::pki_types::CertificateDer;
use fred::rustls::pki_types::pem::PemObject;
use fred::rustls::{ClientConfig, RootCertStore, crypto::ring};
use fred::types::RespVersion;
use fred::types::config::{
    Config, ConnectionConfig, PerformanceConfig, ServerConfig, TcpConfig, TlsConfig, TlsConnector,
};

use super::config::RedisConfig;
use super::dsn::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::network::Dsn;

/// How many commands may wait to be sent on one connection; `Calls` and the size of a turn keep it far from that.
const MOST_WAITING: usize = 1 << 17;

/// What clients are made of. It holds the password, and is never shown.
pub(super) struct Setup {
    pub(super) dsn: Dsn,
    pub(super) connect_timeout: Duration,
    config: Config,
    connection: ConnectionConfig,
}

impl Setup {
    /// Reads the address and the certificates.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) when they cannot be used.
    pub(super) fn of(config: &RedisConfig) -> Result<Self> {
        let target = Target::parse(&config.dsn)?;
        let tls = match (&config.tls_roots, target.tls) {
            (None, false) => None,
            (Some(_), false) => {
                let message =
                    "tls_roots is set, but dsn asks for no TLS; it would begin with rediss";
                return Err(Error::new(ErrorKind::Config, message));
            }
            (None, true) => Some(connector(system_roots()?)?),
            (Some(file), true) => Some(connector(roots_in(file)?)?),
        };
        let timeout = config.connect_timeout;
        // What a sentinel answers to a name it does not know the client can read in the old protocol only.
        let version = match target.server.is_sentinel() {
            true => RespVersion::RESP2,
            false => RespVersion::RESP3,
        };
        Ok(Self {
            dsn: config.dsn.clone(),
            connect_timeout: timeout,
            config: Config {
                fail_fast: true,
                server: target.server,
                username: target.username,
                password: target.password,
                database: target.database,
                version,
                tls,
                ..Config::default()
            },
            connection: ConnectionConfig {
                connection_timeout: timeout,
                internal_command_timeout: timeout,
                max_command_attempts: 1,
                // Told to ask another node (`ASK`), the client would take somebody else's answer for that to its
                // `ASKING`. Told that a slot has moved, it learns where; `commands.rs` then asks again.
                max_redirections: 0,
                max_command_buffer_len: MOST_WAITING,
                tcp: TcpConfig {
                    nodelay: Some(true),
                    // What was given up must not arrive later: the rest of it goes with the connection.
                    linger: Some(Duration::ZERO),
                    ..TcpConfig::default()
                },
                ..ConnectionConfig::default()
            },
        })
    }

    /// A client that has not connected yet. `attempt` says which of several nodes it asks first, so that one
    /// that hangs does not keep it from the others for ever.
    pub(super) fn client(&self, attempt: usize) -> Client {
        let mut config = self.config.clone();
        match &mut config.server {
            ServerConfig::Clustered { hosts, .. } | ServerConfig::Sentinel { hosts, .. } => {
                let first = attempt % hosts.len().max(1);
                hosts.rotate_left(first);
            }
            ServerConfig::Centralized { .. } | ServerConfig::Unix { .. } => {}
        }
        let performance = PerformanceConfig::default();
        let connection = self.connection.clone();
        Client::new(config, Some(performance), Some(connection), None)
    }

    pub(super) fn is_cluster(&self) -> bool {
        self.config.server.is_clustered()
    }
}

/// By ring, whatever other providers of cryptography the application brings along.
fn connector(roots: RootCertStore) -> Result<TlsConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| {
            Error::new(ErrorKind::Config, "TLS cannot be set up").with_source(error)
        })?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(config).into())
}

fn system_roots() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    // Some systems have a few that nobody can read, and many that serve.
    roots.add_parsable_certificates(fred::rustls_native_certs::load_native_certs().certs);
    match roots.is_empty() {
        true => Err(Error::new(
            ErrorKind::Config,
            "this system has no certificates to trust; name a file with them by tls_roots",
        )),
        false => Ok(roots),
    }
}

fn roots_in(file: &Path) -> Result<RootCertStore> {
    let refused = |what: &str| {
        let message = format!("tls_roots `{}` {what}", file.display());
        Error::new(ErrorKind::Config, message)
    };
    let read = std::fs::read(file).map_err(|error| refused("cannot be read").with_source(error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&read) {
        certificate
            .map_err(|error| refused("is not in PEM").with_source(error))
            .and_then(|certificate| {
                let added = roots.add(certificate);
                added.map_err(|error| refused("holds what is no certificate").with_source(error))
            })?;
    }
    match roots.is_empty() {
        true => Err(refused("holds no certificate")),
        false => Ok(roots),
    }
}
