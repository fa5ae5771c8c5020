//! What is said when a server does not start.

use std::env;
use std::panic;
use std::process::Command;

use cachestack_tests::servers::Redis;

#[test]
fn a_server_that_does_not_start_says_why() {
    let redis = Redis::builder().line("no-such-setting yes");
    let panicked = panic::catch_unwind(|| redis.start()).unwrap_err();
    let message = panicked.downcast_ref::<String>().unwrap();
    assert!(message.contains("redis-server ended at once"), "{message}");
    assert!(message.contains("no-such-setting"), "{message}");
}

/// Runs itself again, where PATH leads nowhere.
#[test]
fn a_missing_program_is_named_with_its_package() {
    let nowhere = "/nonexistent";
    if env::var("PATH").unwrap() == nowhere {
        Redis::start();
        return;
    }
    let mut itself = Command::new(env::current_exe().unwrap());
    let test = "failures::a_missing_program_is_named_with_its_package";
    let output = itself
        .args(["--exact", test])
        .env("PATH", nowhere)
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let message = "`redis-server` is missing: it is in Debian's package `redis-server`, which `scripts/test` installs";
    assert!(output.contains(message), "{output}");
}
