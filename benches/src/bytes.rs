//! Memory for an entry: what the resident set grows by, each in a process of its own, in which nothing else is.

use std::env;
use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::Duration;

use cachestack::cached;

use crate::body::{self, runs};
use crate::hits::{moka, ours};
use crate::keys::text;
use crate::measure::{Cell, Role};
use crate::table::{Heading, Table, Unit};

const BYTES: Heading = Heading {
    name: "bytes",
    unit: Unit::Bytes,
    about: "bytes of resident memory an entry, at 1,000,000 entries of a text of 20 bytes and a u64",
};

const ENTRIES: usize = 1_000_000;
/// So that nothing is evicted, however it is divided.
const ROOM: usize = 1_200_000;
/// What makes this binary measure one of them, and say the number.
const ARGUMENT: &str = "--resident-bytes-of";

#[cached(ttl = 3600, key = "{name}")]
fn length_by_ours(name: &str) -> u64 {
    body::length(name)
}

#[cached::macros::cached(ttl_secs = 3600, key = "String", convert = { name.to_owned() })]
fn length_by_cached(name: &str) -> u64 {
    body::length(name)
}

#[cached::macros::concurrent_cached(ttl_secs = 3600, key = "String", convert = { name.to_owned() })]
fn length_by_concurrent(name: &str) -> u64 {
    body::length(name)
}

/// Adds the row.
pub fn run(table: &mut Table) {
    let name = "&str -> u64";
    if !table.wants(&BYTES, name) {
        return;
    }
    let contenders = [
        ("ours", Role::Ours),
        ("cached", Role::Peer),
        ("concurrent", Role::Peer),
        ("moka", Role::Peer),
        ("raw", Role::Raw),
    ];
    let cells = contenders.map(|(contender, role)| Cell::exact(contender, role, ask(contender)));
    table.add(&BYTES, name, cells.into());
}

fn ask(contender: &str) -> f64 {
    let binary = env::current_exe().expect("this binary");
    let said = Command::new(binary).args([ARGUMENT, contender]).output();
    let said = said.expect("a process");
    let errors = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{contender}: {errors}");
    let said = String::from_utf8_lossy(&said.stdout);
    said.trim().parse().expect("a number")
}

/// Where this process is one that [`ask`] started: what it is asked for.
pub fn child() -> Option<f64> {
    let mut arguments = env::args().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    Some(match &*arguments.next()? {
        "ours" => {
            cachestack::configure(ours::cache(ROOM)).expect("nothing is configured yet");
            grown(length_by_ours)
        }
        "cached" => grown(length_by_cached),
        "concurrent" => grown(length_by_concurrent),
        "moka" => {
            let cache = moka::cache::<String, u64>(ROOM as u64);
            let bytes = grown(|text| cache.get_with_by_ref(text, || body::length(text)));
            cache.run_pending_tasks();
            bytes
        }
        _ => {
            let cache = quick_cache::sync::Cache::<Box<[u8]>, u64>::new(ROOM);
            grown(|text| {
                cache.get(text.as_bytes()).unwrap_or_else(|| {
                    let computed = body::length(text);
                    cache.insert(text.as_bytes().into(), computed);
                    computed
                })
            })
        }
    })
}

/// Fills it, sees that all is there, and says what an entry added.
fn grown(call: impl Fn(&str) -> u64) -> f64 {
    let all = || {
        for key in 1..=ENTRIES {
            black_box(call(&text(key)));
        }
    };
    call(&text(0));
    let before = resident();
    all();
    // What works in the background, such as the eviction of `moka`, comes to rest.
    std::thread::sleep(Duration::from_millis(300));
    let after = resident();
    all();
    assert_eq!(runs(), ENTRIES + 1, "entries were evicted");
    (after - before) / ENTRIES as f64
}

/// The bytes of this process that are in memory.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("a Linux system");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: f64 = kibibytes.expect("VmRSS").parse().expect("a number");
    kibibytes * 1024.0
}
