//! Settings, by hand and from a file.

use std::fs;
use std::time::Duration;

use cachestack_backends::{Backend, Codec, ErrorKind, FileBackend, FileConfig, TimeLeft};

use super::{block_on, entry, folder, key, lasting, open};

fn parse(text: &str) -> Result<FileConfig, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn a_directory_is_all_that_a_configuration_needs() {
    let config = parse(r#"{"directory": "/var/cache/shop"}"#).unwrap();
    assert_eq!(config.directory, std::path::Path::new("/var/cache/shop"));
    assert_eq!(config.serializer.name(), "postcard");
    assert_eq!(config.max_ttl, Duration::from_secs(30 * 86_400));
    assert_eq!((config.ttl, config.max_bytes), (None, None));
    assert!(!config.sync && !config.silent && config.namespace.is_empty());
    assert!(parse("{}").unwrap_err().to_string().contains("directory"));
}

#[test]
fn every_setting_can_come_from_a_file() {
    let config = parse(
        r#"{"directory": "d", "serializer": "postcard", "ttl": "1h 30m", "max_ttl": 86400, "namespace": "shop",
            "silent": true, "auto_purge_interval": "10m", "max_bytes": 1048576, "sync": true}"#,
    )
    .unwrap();
    assert_eq!(config.ttl, Some(Duration::from_secs(5_400)));
    assert_eq!(config.max_ttl, Duration::from_secs(86_400));
    assert_eq!(config.auto_purge_interval, Some(Duration::from_secs(600)));
    assert_eq!(config.max_bytes, Some(1 << 20));
    assert_eq!(config.namespace, "shop");
    assert!(config.silent && config.sync);
}

#[test]
fn an_unknown_setting_or_serializer_says_what_there_is() {
    let setting = parse(r#"{"directory": "d", "max_size": 1}"#).unwrap_err();
    assert!(setting.to_string().contains("max_bytes"), "{setting}");
    let codec = parse(r#"{"directory": "d", "serializer": "pickle"}"#).unwrap_err();
    let message = codec.to_string();
    assert!(message.contains("`pickle`"), "{message}");
    assert!(message.contains("`postcard`"), "{message}");
    assert_eq!(
        message.contains("`json`"),
        cfg!(feature = "json"),
        "{message}"
    );
    assert_eq!(
        message.contains("`msgpack`"),
        cfg!(feature = "msgpack"),
        "{message}"
    );
}

#[test]
#[cfg(all(feature = "json", feature = "msgpack"))]
fn each_codec_is_known_by_its_name() {
    for name in ["postcard", "json", "msgpack"] {
        let config = parse(&format!(r#"{{"directory": "d", "serializer": "{name}"}}"#)).unwrap();
        assert_eq!(config.serializer.name(), name);
    }
}

#[test]
fn what_cannot_work_is_refused_when_it_is_built() {
    let folder = folder();
    let builder = || FileBackend::builder(folder.path().join("cache"));
    for (wrong, word) in [
        (builder().ttl(Duration::ZERO), "ttl"),
        (builder().max_ttl(Duration::ZERO), "max_ttl"),
        (
            builder().auto_purge_interval(Duration::ZERO),
            "auto_purge_interval",
        ),
        (builder().max_bytes(0), "max_bytes"),
        (FileBackend::builder(""), "directory"),
    ] {
        let error = wrong.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.backend(), Some("file"));
        assert!(error.message().contains(word), "{error}");
    }
    assert!(!folder.path().join("cache").exists(), "nothing was made");
}

#[test]
fn a_file_where_the_directory_should_be_is_a_clear_error() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    for directory in [file.clone(), file.join("cache")] {
        let error = FileBackend::builder(&directory).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.message().contains("name a folder"), "{error}");
        assert!(std::error::Error::source(&error).is_some());
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn the_store_says_what_a_stack_must_know() {
    let folder = folder();
    let files = FileBackend::builder(folder.path())
        .ttl(Duration::from_secs(60))
        .build()
        .unwrap();
    let info = files.info();
    assert_eq!(info.name, "file");
    assert!(info.shared && info.detached && !info.typed && !info.immediate);
    assert_eq!(info.ttl, Some(Duration::from_secs(60)));
    assert_eq!(info.max_ttl, Some(Duration::from_secs(30 * 86_400)));
    assert!(files.fence().is_some());
}

#[test]
fn without_a_ttl_an_entry_is_kept_for_max_ttl_and_never_longer() {
    let folder = folder();
    let day = Duration::from_secs(86_400);
    let left = |files: &FileBackend| match block_on(files.ttl(&key("k"))).unwrap() {
        TimeLeft::Left(left) => left,
        other => panic!("{other:?}"),
    };
    let files = open(folder.path());
    block_on(files.set(&key("k"), entry(1))).unwrap();
    // The end is written to the millisecond, rounded up.
    let month = 30 * day + Duration::from_millis(1);
    assert!(left(&files) > 29 * day && left(&files) <= month);
    block_on(files.set(&key("k"), lasting(1, 90 * day))).unwrap();
    assert!(left(&files) <= month);

    let files = FileBackend::builder(folder.path())
        .ttl(day)
        .build()
        .unwrap();
    block_on(files.set(&key("k"), entry(1))).unwrap();
    assert!(left(&files) <= day + Duration::from_millis(1));

    let files = FileBackend::builder(folder.path())
        .max_ttl(Duration::MAX)
        .build()
        .unwrap();
    block_on(files.set(&key("k"), entry(1))).unwrap();
    assert_eq!(block_on(files.ttl(&key("k"))).unwrap(), TimeLeft::Unlimited);
}

#[test]
fn debug_and_stats_name_the_settings_and_no_value() {
    let folder = folder();
    let files = FileBackend::builder(folder.path())
        .namespace("shop")
        .max_bytes(1 << 20)
        .serializer(Codec::Postcard)
        .build()
        .unwrap();
    block_on(files.set(&key("secret-key"), entry(String::from("secret-value")))).unwrap();
    let stats = super::stats(&files);
    assert_eq!(stats.backend, "file");
    assert_eq!(stats.directory.as_deref(), Some(folder.path()));
    assert_eq!(stats.namespace.as_deref(), Some("shop"));
    assert_eq!(stats.serializer.as_deref(), Some("postcard"));
    assert_eq!(stats.max_bytes, Some(1 << 20));
    for shown in [format!("{files:?}"), stats.to_string()] {
        assert!(
            shown.contains("shop") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
