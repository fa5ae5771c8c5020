//! Nothing is left behind: after a drop, a panic, an exit, and a kill of the test process.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
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

/// Runs this process again in the other role, ends it, and waits until its servers are gone.
fn ends_its_servers(test: &str, end: impl Fn(&mut std::process::Child)) {
    if env::var_os(ROLE).is_some() {
        return be_ended(test.starts_with("an_exit"));
    }
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let mut child = itself(test).env(REPORT, &report).spawn().unwrap();
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

/// This process again, for that test alone and in the other role.
fn itself(test: &str) -> Command {
    let mut itself = Command::new(env::current_exe().unwrap());
    itself
        .args(["--exact", &format!("left_behind::{test}")])
        .env(ROLE, "ended")
        .stdout(Stdio::null());
    itself
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

#[test]
fn a_kill_in_the_midst_of_a_start_leaves_nothing() {
    if env::var_os(ROLE).is_some() {
        drop(Postgres::start());
        return;
    }
    for moment in ["log", "data/PG_VERSION", "data/postmaster.pid"] {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o1777)).unwrap();
        let mut child = itself("a_kill_in_the_midst_of_a_start_leaves_nothing")
            .env("TMPDIR", place.path())
            .spawn()
            .unwrap();
        let folders = || fs::read_dir(place.path()).unwrap().flatten();
        eventually(|| folders().any(|it| it.path().join(moment).exists()));
        child.kill().unwrap();
        child.wait().unwrap();
        eventually(|| folders().count() == 0 && !somebody_is_in(place.path()));
    }
}

fn somebody_is_in(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut places = processes.filter_map(|it| fs::read_link(it.path().join("cwd")).ok());
    places.any(|place| place.starts_with(folder))
}
