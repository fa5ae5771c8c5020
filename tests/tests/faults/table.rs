//! What was measured, for whoever wants to know.

use std::env;
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::Duration;

/// Adds a line to the table, if there is to be one.
pub(super) fn row(case: impl Display, rule: &str, measured: impl Display) {
    let Some(path) = env::var_os("FAULTS_TABLE") else {
        return;
    };
    let mut table = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap();
    let line = format!("| {case} | {rule} | {measured} |\n");
    table.write_all(line.as_bytes()).unwrap();
}

/// The one in the middle.
pub(super) fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
