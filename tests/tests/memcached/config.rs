//! Settings, right and wrong.

use std::time::Duration;

use cachestack::{
    Backend, Codec, ErrorKind, MemcachedBackend, MemcachedBuilder, MemcachedConfig, Operation,
};
use cachestack_tests::servers::Memcached;

use super::{get, key, own_space, run, set};

fn builder() -> MemcachedBuilder {
    MemcachedBackend::builder("localhost")
}

#[test]
fn wrong_settings_are_refused_with_what_to_write_instead() {
    let zero = Duration::ZERO;
    for (builder, message) in [
        (
            builder().ttl(zero),
            "ttl is zero, it must be longer; leave it out for none",
        ),
        (
            builder().max_ttl(zero),
            "max_ttl is zero, it must be longer; leave it out for none",
        ),
        (
            builder().timeout(zero),
            "timeout is zero, it must be longer; leave it out for none",
        ),
        (
            builder().connect_timeout(zero),
            "connect_timeout is zero, it must be longer; leave it out for none",
        ),
        (
            builder().pool_size(0),
            "pool_size is 0, it must be from 1 to 1024",
        ),
        (
            builder().pool_size(1_025),
            "pool_size is 1025, it must be from 1 to 1024",
        ),
        (
            builder().max_item_bytes(1_023),
            "max_item_bytes is 1023, it must be from 1024 to 1073741824",
        ),
        (
            builder().max_item_bytes((1 << 30) + 1),
            "max_item_bytes is 1073741825, it must be from 1024 to 1073741824",
        ),
        (MemcachedBackend::builder(""), "servers: it is empty"),
        (
            builder().server("localhost:11211"),
            "servers: `localhost:11211`: it is there twice",
        ),
        (
            MemcachedBackend::builder("localhost:port"),
            "servers: `localhost:port`: the port is not a number from 1 to 65535",
        ),
        (
            MemcachedBackend::builder("redis://localhost"),
            "servers: `redis://localhost`: `redis` is not a scheme of this store; write `memcached://host:port`, \
             `host:port` or `unix:///path`",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.operation(), Some(Operation::Open));
        assert_eq!(
            error.to_string(),
            format!("memcached open wrong configuration: {message}")
        );
    }
    let none = MemcachedBackend::new(MemcachedConfig::new::<&str>([])).unwrap_err();
    assert_eq!(none.message(), "servers: there must be at least one server");
}

#[test]
fn a_password_in_an_address_is_refused_and_shown_nowhere() {
    run(|| async {
        for address in [
            "memcached://app:hunter2@localhost:11211",
            "app:hunter2@localhost",
            "localhost,app:hunter2@localhost",
        ] {
            let builder = MemcachedBackend::builder(address);
            assert!(!format!("{builder:?}").contains("hunter2"));
            let error = builder.build().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(
                error
                    .message()
                    .ends_with("user and password are not supported, this protocol has none")
            );
            let error = MemcachedBackend::connect(address).await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
            let config = MemcachedConfig::new([address]);
            assert!(!format!("{config:?}").contains("hunter2"));
        }
        let backend = builder().build().unwrap();
        assert!(
            format!("{backend:?}").contains("\"localhost\""),
            "{backend:?}"
        );
    });
}

#[test]
fn settings_can_be_read_from_a_file() {
    let read = |text: &str| serde_json::from_str::<MemcachedConfig>(text);
    let config = read(
        r#"{"servers": ["a", "b:1"], "serializer": "json", "ttl": "1h", "max_ttl": 7200, "namespace": "shop",
            "silent": true, "timeout": "250ms", "connect_timeout": 2, "pool_size": 4, "max_item_bytes": 2097152}"#,
    )
    .unwrap();
    assert_eq!(config.servers, ["a", "b:1"]);
    assert_eq!(config.serializer.name(), "json");
    assert_eq!(config.ttl, Some(Duration::from_secs(3_600)));
    assert_eq!(config.max_ttl, Duration::from_secs(7_200));
    assert_eq!(config.timeout, Duration::from_millis(250));
    assert_eq!(config.connect_timeout, Duration::from_secs(2));
    assert_eq!((config.pool_size, config.max_item_bytes), (4, 2 << 20));
    let backend = MemcachedBackend::new(config).unwrap();
    let info = backend.info();
    assert_eq!(
        (&*info.name, info.shared, info.detached),
        ("memcached", true, true)
    );
    assert_eq!(info.keeps_for(None), Some(Duration::from_secs(3_600)));

    let least = read(r#"{"servers": "memcached://a,b"}"#).unwrap();
    assert_eq!(least.servers, ["memcached://a,b"]);
    let default = MemcachedConfig::new(["memcached://a,b"]);
    assert_eq!(format!("{least:?}"), format!("{default:?}"));
    assert_eq!(least.timeout, Duration::from_millis(500));
    assert_eq!((least.pool_size, least.max_item_bytes), (16, 1 << 20));
    MemcachedBackend::new(least).unwrap();

    for (wrong, message) in [
        (r#"{"servers": 1}"#, "a server's address, or a list of them"),
        (r#"{}"#, "missing field `servers`"),
        (r#"{"servers": "a", "pool": 1}"#, "unknown field `pool`"),
        (r#"{"servers": "a", "timeout": 0}"#, "a time above zero"),
    ] {
        let error = read(wrong).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn every_form_of_address_connects() {
    run(|| async {
        let (tcp, six) = (Memcached::start(), Memcached::builder().ipv6().start());
        let unix = Memcached::builder().unix_socket().start();
        let socket = format!("unix://{}", unix.socket().unwrap().display());
        let port = tcp.port();
        for address in [
            format!("127.0.0.1:{port}"),
            format!("localhost:{port}"),
            format!("memcached://LOCALHOST:{port}/"),
            format!("[::1]:{}", six.port()),
            socket.clone(),
            format!("127.0.0.1:{port}, [::1]:{},{socket}", six.port()),
        ] {
            let backend = MemcachedBackend::connect(&*address).await.unwrap();
            let key = key(&own_space());
            set(&backend, &key, 1).await;
            assert_eq!(get(&backend, &key).await, Some(1), "{address}");
        }
    });
}

#[test]
fn a_host_that_does_not_exist_is_away() {
    run(|| async {
        let backend = MemcachedBackend::connect("unix:///nowhere/m.sock")
            .await
            .unwrap();
        let error = super::try_get::<i32>(&backend, &key("k"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(
            error.message(),
            "`unix:///nowhere/m.sock` cannot be reached"
        );
        assert!(std::error::Error::source(&error).is_some());
    });
}

#[test]
fn every_codec_works() {
    run(|| async {
        for codec in [Codec::Postcard, Codec::Json, Codec::Msgpack] {
            let backend = super::builder(&super::SERVER)
                .namespace(own_space())
                .serializer(codec.clone())
                .build()
                .unwrap();
            let value = vec![Some((1_u8, String::from("a"))), None];
            set(&backend, &key("k"), value.clone()).await;
            assert_eq!(get(&backend, &key("k")).await, Some(value));
            assert_eq!(
                super::stats(&backend).await.serializer.as_deref(),
                Some(codec.name())
            );
        }
    });
}
