//! Redis: alone, as a cluster, and with sentinels.

use std::fs;
use std::process::Command;

use cachestack_tests::servers::{Redis, RedisCluster, RedisSentinel};

#[test]
fn redis_serves() {
    super::serves(&Redis::start());
}

#[test]
fn redis_wants_its_password() {
    let redis = Redis::builder()
        .password("sesame")
        .user("ann", "bee")
        .start();
    assert_eq!(redis.command(&["SET", "key", "1"]).unwrap(), "+OK\r\n");
    assert_eq!(cli(&redis.dsn(), &[]), "PONG\n");
    let stranger = format!("redis://{}", redis.addr());
    assert!(cli(&stranger, &[]).starts_with("NOAUTH"));
}

#[test]
fn redis_answers_on_its_socket_alone() {
    let redis = Redis::builder().socket_only().start();
    redis.ping().unwrap();
    std::net::TcpStream::connect(redis.addr()).unwrap_err();
}

#[test]
fn redis_speaks_tls() {
    let redis = Redis::builder().tls().start();
    let authority = redis.authority().to_str().unwrap();
    assert_eq!(
        cli(&redis.dsn(), &["--tls", "--cacert", authority]),
        "PONG\n"
    );
    assert_ne!(cli(&redis.dsn(), &["--tls"]), "PONG\n");
    assert!(
        fs::read_to_string(authority)
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
}

#[test]
fn persistent_redis_survives_a_kill() {
    let redis = Redis::builder().persistent().start();
    redis.command(&["SET", "key", "value"]).unwrap();
    redis.kill();
    redis.restart();
    assert_eq!(redis.command(&["GET", "key"]).unwrap(), "$5\r\nvalue\r\n");
}

#[test]
fn cluster_is_whole() {
    let cluster = RedisCluster::of(Redis::builder().password("sesame"));
    for node in cluster.nodes() {
        let info = node.command(&["CLUSTER", "INFO"]).unwrap();
        assert!(info.contains("cluster_state:ok"), "{info}");
        assert!(info.contains("cluster_slots_ok:16384"), "{info}");
    }
    let shard = &cluster.nodes()[2];
    shard.kill();
    shard.restart();
    cluster.wait_until_whole();
}

#[test]
fn sentinel_fails_over_on_demand_and_when_the_primary_dies() {
    let redis = RedisSentinel::of(Redis::builder().password("sesame"), 1);
    let [first, second] = redis.servers();
    assert_eq!(redis.primary().unwrap().port(), first.port());
    assert_eq!(redis.fail_over().port(), second.port());

    second.kill();
    assert_eq!(
        redis.wait_for_other_primary(second.port()).port(),
        first.port()
    );
    first.command(&["SET", "key", "1"]).unwrap();
}

#[test]
fn three_sentinels_agree() {
    let redis = RedisSentinel::of(Redis::builder(), 3);
    let ports = redis.sentinels().iter().map(|it| it.port().to_string());
    assert!(ports.into_iter().all(|port| redis.dsn().contains(&port)));
    let first = redis.primary().unwrap();
    first.pause();
    let port = first.port();
    assert_ne!(redis.wait_for_other_primary(port).port(), port);
}

/// What the client of Debian's package prints after a ping.
fn cli(dsn: &str, args: &[&str]) -> String {
    let mut cli = Command::new("redis-cli");
    let output = cli
        .args(["--no-auth-warning", "-u", dsn])
        .args(args)
        .arg("PING");
    String::from_utf8(output.output().unwrap().stdout).unwrap()
}
