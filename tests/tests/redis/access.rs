//! Who is let in, and by which way.

use cachestack::{Backend, Error, ErrorKind, RedisBackend};
use cachestack_tests::servers::{Redis, RedisCluster};
use cachestack_tests::within;

use super::raw::{Raw, Reply};
use super::{LONG, block_on, key, open, put, shared, text, unique};

fn works(backend: &RedisBackend) {
    put(backend, &key("k"), "v").unwrap();
    assert_eq!(text(backend, &key("k")).unwrap().unwrap(), "v");
    block_on(backend.clear(key("k").namespace())).unwrap();
    assert_eq!(text(backend, &key("k")).unwrap(), None);
    block_on(backend.close()).unwrap();
}

/// That `connect` fails, as does the first operation where nobody connected before.
fn refused(dsn: &str) -> Error {
    let error = block_on(RedisBackend::connect(dsn)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let later = text(&open(dsn), &key("k")).unwrap_err();
    assert_eq!(later.message(), error.message());
    error
}

#[test]
fn a_password_is_given_and_a_wrong_one_refused() {
    within(LONG, || {
        let redis = Redis::builder().password("hunter2").start();
        works(&block_on(RedisBackend::connect(redis.dsn())).unwrap());
        let port = redis.port();
        let error = refused(&format!("redis://:wrong@127.0.0.1:{port}"));
        assert_eq!(
            error.to_string(),
            format!(
                "redis open wrong configuration: no connection to redis://***@127.0.0.1:{port}: \
                 it refuses the user or the password of dsn"
            )
        );
        let error = refused(&format!("redis://127.0.0.1:{port}"));
        assert!(
            error
                .message()
                .ends_with("it wants a password, and dsn has none"),
            "{error}"
        );
    });
}

#[test]
fn a_user_with_just_the_rights_that_are_needed_is_let_in() {
    within(LONG, || {
        let rights = "user app on >secret ~shop/* -@all +pttl +get +set +unlink +exists +scan";
        let redis = Redis::builder().line(rights).start();
        let dsn = |user: &str| format!("redis://{user}@127.0.0.1:{}", redis.port());
        let app = open(dsn("app:secret"));
        works(&app);
        refused(&dsn("app:wrong"));
        refused(&dsn("nobody:secret"));
        let app = open(dsn("app:secret"));
        let elsewhere = cachestack::Key::new(&cachestack::Namespace::new("other"), "hunter2");
        let error = put(&app, &elsewhere, "v").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.message().starts_with("the user may not do this"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("hunter2"));
        put(&app, &key("k"), "v").unwrap();
    });
}

#[test]
fn a_socket_is_a_way_in_too() {
    within(LONG, || {
        let redis = Redis::builder().password("hunter2").socket_only().start();
        let socket = redis.socket();
        let socket = socket.display();
        works(&open(format!("unix://:hunter2@{socket}")));
        works(&open(format!(
            "redis+unix://{socket}?password=hunter2&db=1"
        )));
        refused(&format!("unix://:wrong@{socket}"));
        let gone = text(&open("unix:///nowhere/redis.sock"), &key("k")).unwrap_err();
        assert!(
            gone.message().ends_with("there is no such socket"),
            "{gone}"
        );
    });
}

#[test]
fn databases_are_apart_and_a_missing_one_is_refused() {
    within(LONG, || {
        let space = unique();
        let of = |dsn: String| {
            RedisBackend::builder(dsn)
                .namespace(space.clone())
                .build()
                .unwrap()
        };
        let [three, four] = ["/3", "?db=4"].map(|db| of(shared().dsn() + db));
        put(&three, &key("k"), "three").unwrap();
        assert_eq!(text(&four, &key("k")).unwrap(), None);
        let mut raw = Raw::to(shared().addr());
        let name = format!("{space}:shop/k");
        assert_eq!(raw.get(&name), None);
        assert_eq!(raw.ask(&[b"SELECT", b"3"]), Reply::Text("OK".into()));
        assert!(raw.get(&name).is_some());
        let error = refused(&(shared().dsn() + "/99"));
        assert!(
            error
                .message()
                .ends_with("it has no database of that number"),
            "{error}"
        );
    });
}

#[test]
fn tls_trusts_the_authority_that_is_named_and_no_other() {
    within(LONG, || {
        let redis = Redis::builder().tls().password("hunter2").start();
        let other = Redis::builder().tls().start();
        let at = |dsn: String, authority: &std::path::Path| {
            RedisBackend::builder(dsn)
                .tls_roots(authority)
                .build()
                .unwrap()
        };
        works(&at(redis.dsn(), redis.authority()));
        works(&at(
            redis.dsn().replace("localhost", "127.0.0.1"),
            redis.authority(),
        ));
        for wrong in [at(redis.dsn(), other.authority()), open(redis.dsn())] {
            let error = block_on(wrong.ready()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(
                error.message().ends_with(
                    "its certificate comes from no authority that is trusted; see tls_roots"
                ),
                "{error}"
            );
        }
        let named = redis.dsn().replace("localhost", "127.0.0.2");
        let error = block_on(at(named, redis.authority()).ready());
        assert!(error.is_ok() || error.unwrap_err().message().contains("another name"));
        let plain = shared().dsn().replace("redis://", "rediss://");
        // It takes the handshake for the beginning of a command, and says nothing, or that it is none.
        text(&at(plain, redis.authority()), &key("k")).unwrap_err();
    });
}

#[test]
fn a_cluster_and_a_single_server_are_not_taken_for_each_other() {
    within(LONG, || {
        let error = refused(&shared().dsn().replace("redis://", "redis-cluster://"));
        assert!(
            error
                .message()
                .ends_with("it is not a cluster; dsn must begin with redis:// or rediss://"),
            "{error}"
        );
        let cluster: &RedisCluster = super::contract::cluster();
        let node = open(cluster.nodes()[0].dsn());
        let errors = (0..20).filter_map(|i| put(&node, &key(&i.to_string()), "v").err());
        let errors: Vec<Error> = errors.collect();
        assert!(!errors.is_empty());
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(
                error.message().starts_with("it is a node of a cluster"),
                "{error}"
            );
        }
    });
}

#[test]
fn a_full_server_is_unavailable_and_reads_on() {
    within(LONG, || {
        let redis = Redis::builder().line("maxmemory-policy noeviction").start();
        let backend = open(redis.dsn());
        put(&backend, &key("before"), "v").unwrap();
        redis.command(&["CONFIG", "SET", "maxmemory", "1"]).unwrap();
        let full = |error: Error| {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert!(error.message().starts_with("its memory is full"), "{error}");
        };
        full(put(&backend, &key("after"), "v").unwrap_err());
        let many = vec![(key("a"), super::entry(1)), (key("b"), super::entry(2))];
        full(block_on(backend.set_many(many)).unwrap_err());
        assert_eq!(block_on(backend.stats()).unwrap().errors, 2);
        assert_eq!(text(&backend, &key("before")).unwrap().unwrap(), "v");
        block_on(backend.delete(&key("before"))).unwrap();
        redis.command(&["CONFIG", "SET", "maxmemory", "0"]).unwrap();
        put(&backend, &key("after"), "v").unwrap();
    });
}
