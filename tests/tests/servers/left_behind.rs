//! Nothing is left behind: after a drop, a panic, an exit, and a kill of the test process.

use std::env;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use cachestack_tests::eventually;
use cachestack_tests::servers::{Memcached, Postgres, Redis, Server};

/// A process in whose environment this is has to be ended.
const ROLE: &str = "CACHESTACK_TESTS_ROLE";
/// Where that process tells what it started.
const REPORT: &str = "CACHESTACK_TESTS_REPORT";

fn is_there(pid: &str) -> bool {
    Path::new("/proc").join(pid).exists()
}

#[test]
fn a_panic_ends_the_server() {
    let ended = panic::catch_unwind(|| {
        let redis = Redis::start();
        redis.pause();
        let left = (redis.pid().unwrap(), redis.folder().to_owned());
        panic::resume_unwind(Box::new(left));
    });
    let (pid, folder) = *ended.unwrap_err().downcast::<(i32, PathBuf)>().unwrap();
    assert!(!is_there(&pid.to_string()));
    assert!(!folder.exists());
}

#[test]
fn an_exit_ends_servers_in_statics() {
    ends_its_servers("an_exit_ends_servers_in_statics", |_| {});
}

#[test]
fn a_kill_of_the_test_process_ends_its_servers() {
    ends_its_servers("a_kill_of_the_test_process_ends_its_servers", |child| {
        child.kill().unwrap();
    });
}

/// Runs this process again, for that test alone and in the other role; ends it; waits until its servers are gone.
fn ends_its_servers(test: &str, end: impl Fn(&mut std::process::Child)) {
    if env::var_os(ROLE).is_some() {
        return be_ended(test.starts_with("an_exit"));
    }
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("left_behind::{test}")])
        .env(ROLE, "ended")
        .env(REPORT, &report)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually(|| report.exists());
    end(&mut child);
    child.wait().unwrap();

    let report = fs::read_to_string(report).unwrap();
    assert_eq!(report.lines().count(), 3);
    for line in report.lines() {
        let (pid, folder) = line.split_once(' ').unwrap();
        eventually(|| !is_there(pid) && !Path::new(folder).exists());
    }
}

/// Starts servers that nobody drops, tells of them, and exits or waits for its death.
fn be_ended(exits: bool) {
    static SERVERS: OnceLock<(Redis, Memcached, Postgres)> = OnceLock::new();
    let start = || (Redis::start(), Memcached::start(), Postgres::start());
    let (redis, memcached, postgres) = SERVERS.get_or_init(start);
    // The hardest to end: they see no signal but one, and the children of one are not in its process group.
    redis.pause();
    postgres.pause();

    let servers: [&Server; 3] = [redis, memcached, postgres];
    let lines = servers.map(|it| format!("{} {}\n", it.pid().unwrap(), it.folder().display()));
    let report = PathBuf::from(env::var_os(REPORT).unwrap());
    // All at once, so that nobody reads a half.
    fs::write(report.with_extension("new"), lines.concat()).unwrap();
    fs::rename(report.with_extension("new"), report).unwrap();
    match exits {
        true => std::process::exit(0),
        false => thread::sleep(Duration::from_secs(60)),
    }
}
