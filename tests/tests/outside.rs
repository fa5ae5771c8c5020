//! A crate of a user's, outside of the workspace and of an older edition: `tests/outside`.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(600);

#[test]
fn a_crate_with_strict_lints_under_another_name_is_clean_and_works() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("outside");
    // What the workspace has is there without a network.
    std::fs::copy(
        crate_dir.join("../../Cargo.lock"),
        crate_dir.join("Cargo.lock"),
    )
    .unwrap();
    for what in ["clippy", "test"] {
        run(&crate_dir, what);
    }
}

fn run(crate_dir: &Path, what: &str) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(crate_dir).stdin(Stdio::null());
    cargo.args([what, "--offline", "--quiet", "--all-targets"]);
    cargo.arg("--target-dir").arg(target_dir());
    let mut running = cargo.spawn().unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = running.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > LIMIT {
            running.kill().unwrap();
            panic!("cargo {what} took longer than {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "cargo {what}: {status}");
}

/// A folder beside what this test was built into, as other tests that build have theirs.
fn target_dir() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    target.join("tests").join("outside")
}
