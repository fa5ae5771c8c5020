//! Settings: what is refused, and what nobody sees.

use std::error::Error as _;
use std::fs;
use std::time::Duration;

use cachestack::{Backend, ErrorKind, RedisBackend, RedisConfig};
use cachestack_tests::within;

use super::{LONG, block_on, key, put, unique};

fn refusal(config: RedisConfig) -> String {
    let error = RedisBackend::new(config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}

#[test]
fn what_is_wrong_in_a_configuration_is_said() {
    let with = |change: fn(&mut RedisConfig)| {
        let mut config = RedisConfig::new("redis://h");
        change(&mut config);
        refusal(config)
    };
    assert_eq!(
        with(|it| it.dsn = "postgres://h".into()),
        "redis open wrong configuration: dsn begins with postgres://, it must be redis://, rediss://, \
         redis-cluster://, rediss-cluster://, redis-sentinel://, rediss-sentinel://, redis+unix:// or unix://"
    );
    assert_eq!(
        with(|it| it.pool_size = 0),
        "redis open wrong configuration: pool_size is 0, it must be from 1 to 64"
    );
    assert_eq!(
        with(|it| it.timeout = Duration::ZERO),
        "redis open wrong configuration: timeout is zero, it must be longer; leave it out for none"
    );
    assert_eq!(
        with(|it| it.tls_roots = Some("/nowhere".into())),
        "redis open wrong configuration: tls_roots is set, but dsn asks for no TLS; it would begin with rediss"
    );
    assert_eq!(
        with(|it| {
            it.dsn = "rediss://h".into();
            it.tls_roots = Some("/nowhere".into());
        }),
        "redis open wrong configuration: tls_roots `/nowhere` cannot be read"
    );
}

#[test]
fn a_file_of_certificates_must_hold_some() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    for (text, said) in [
        ("", "holds no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "is not in PEM",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "holds what is no certificate",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let mut config = RedisConfig::new("rediss://h");
        config.tls_roots = Some(file.clone());
        let refusal = refusal(config);
        assert!(refusal.ends_with(said), "{refusal}");
    }
}

#[test]
fn settings_come_from_a_file_and_unknown_ones_are_refused() {
    let config: RedisConfig = serde_json::from_str(
        r#"{"dsn": "redis://h", "timeout": "250ms", "ttl": 60, "serializer": "json", "pool_size": 2}"#,
    )
    .unwrap();
    assert_eq!(config.timeout, Duration::from_millis(250));
    assert_eq!(config.connect_timeout, Duration::from_secs(1));
    assert_eq!(config.ttl, Some(Duration::from_secs(60)));
    assert_eq!(config.max_ttl, Duration::from_secs(30 * 86_400));
    assert_eq!((config.serializer.name(), config.pool_size), ("json", 2));
    let unknown = serde_json::from_str::<RedisConfig>(r#"{"dsn": "redis://h", "pool": 2}"#);
    assert!(
        unknown
            .unwrap_err()
            .to_string()
            .contains("unknown field `pool`")
    );
}

#[test]
fn no_password_is_shown() {
    let said = within(LONG, || {
        let dsn = "redis://app:hunter2@127.0.0.1:1/3?password=hunter2";
        let builder = RedisBackend::builder(dsn);
        let mut said = format!("{builder:?} {:?}", RedisConfig::new(dsn));
        let backend = builder.namespace(unique()).build().unwrap();
        said.push_str(&format!("{backend:?} {:?}", block_on(backend.stats())));
        for _ in 0..2 {
            let error = put(&backend, &key("k"), "v").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            said.push_str(&format!(
                "{error} {error:?} {:?}",
                error.source().map(ToString::to_string)
            ));
        }
        said
    });
    assert!(
        !said.contains("hunter2") && !said.contains("app:"),
        "{said}"
    );
    assert!(
        said.contains("no connection to redis://***@127.0.0.1:1/3?***: nobody listens there"),
        "{said}"
    );
}
