//! Signals, and what the kernel tells of processes.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// What a process is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It runs or waits.
    Alive,
    /// It is stopped by a signal.
    Stopped,
    /// It has ended; it may not have been waited for.
    Ended,
}

/// The state of that process.
pub(super) fn state(pid: i32) -> State {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return State::Ended;
    };
    // The program's name is in parentheses and may have some itself.
    let state = stat.rsplit_once(") ").and_then(|it| it.1.chars().next());
    match state {
        Some('T' | 't') => State::Stopped,
        Some('Z' | 'X') | None => State::Ended,
        Some(_) => State::Alive,
    }
}

/// The processes that one started and that live.
pub(super) fn children(pid: i32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    children
        .split_ascii_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

/// Sends a signal; a process that is gone is no mistake.
pub(super) fn send(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // Fails only when the process is gone.
        let _ = kill_process(pid, signal);
    }
}
