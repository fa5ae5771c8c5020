//! The examples run, and say what they should.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use cachestack_tests::servers::{Postgres, Redis};
use cachestack_tests::within;

/// A program that was built beside these tests.
fn example(name: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let target = tests.ancestors().nth(2).unwrap();
    let program: PathBuf = [target, Path::new("examples"), Path::new(name)]
        .iter()
        .collect();
    assert!(
        program.exists(),
        "the example {name} is not built; run the tests of the whole workspace with all features"
    );
    Command::new(program)
}

fn run(mut command: Command) -> Output {
    within(Duration::from_secs(60), move || command.output().unwrap())
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_stack_of_three_survives_an_outage_of_redis() {
    let (redis, postgres) = (Redis::start(), Postgres::start());
    let mut command = example("stack");
    command
        .env("REDIS_DSN", redis.dsn())
        .env("POSTGRES_DSN", postgres.dsn());
    let output = run(command);
    let (shown, error) = texts(&output);
    assert!(output.status.success(), "{shown}\n{error}");
    assert!(shown.contains("The function ran 2 times."), "{shown}");
    assert!(shown.contains("1 outage"), "{shown}");
    let newest = shown.lines().find(|line| line.contains("the newest"));
    assert!(newest.unwrap().contains("2026, edition 2"), "{shown}");
}

#[test]
fn the_stack_says_what_it_needs() {
    let mut command = example("stack");
    command.env_remove("REDIS_DSN").env_remove("POSTGRES_DSN");
    let output = run(command);
    let (shown, _) = texts(&output);
    assert!(!output.status.success());
    assert!(shown.contains("Set REDIS_DSN"), "{shown}");
}

/// The numbers of a row in a table: calls, how often the source was asked, failures, and the slowest in milliseconds.
fn numbers(shown: &str, scene: &str, policy: &str) -> Vec<usize> {
    let row = shown.lines().find(|line| {
        let mut cells = line.split('│').map(str::trim);
        cells.any(|cell| cell == scene) && cells.any(|cell| cell == policy)
    });
    let row = row.unwrap_or_else(|| panic!("no row of {scene} with {policy} in\n{shown}"));
    let cells = row
        .split('│')
        .map(|cell| cell.trim().trim_end_matches(" ms"));
    cells.filter_map(|cell| cell.parse().ok()).collect()
}

#[test]
fn policies_bridge_a_stampede_an_outage_and_a_slow_source() {
    let output = run(example("policies"));
    let (shown, error) = texts(&output);
    assert!(output.status.success(), "{shown}\n{error}");
    let row = |scene, policy| <[usize; 4]>::try_from(numbers(&shown, scene, policy)).unwrap();
    let [calls, asked, ..] = row("a thousand callers at once", "a map by hand");
    assert_eq!((calls, asked), (1000, 1000));
    let [calls, asked, ..] = row("a thousand callers at once", "#[cached]");
    assert_eq!((calls, asked), (1000, 1));
    let [.., failed, _] = row("the source is down", "none");
    assert!(failed > 0);
    let [.., failed, _] = row("the source is down", "stale_if_error");
    assert_eq!(failed, 0);
    let [.., slowest] = row("the source takes 300 ms", "none");
    assert!(slowest >= 300);
    let [.., failed, slowest] = row("the source takes 300 ms", "stale_while_revalidate");
    assert!((failed, slowest < 300) == (0, true), "{slowest} ms");
    let [.., failed, _] = row("the source takes 300 ms", "stale_if_error, timeout");
    assert_eq!(failed, 0);
    let [.., failed, _] = row("the source takes 300 ms", "hard_timeout");
    assert!(failed > 0);
}

/// What the configured example says with that file and these variables.
fn configured(file: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = example("configured");
    command.current_dir(folder.path());
    if !file.is_empty() {
        std::fs::write(folder.path().join("cache.toml"), file).unwrap();
        command.arg("cache.toml");
    }
    command.envs(variables.iter().copied());
    let output = run(command);
    let (shown, error) = texts(&output);
    match output.status.success() {
        true => Ok(shown),
        false => Err(error),
    }
}

#[test]
fn a_cache_is_configured_from_a_file_and_the_environment() {
    let shown = configured("", &[]).unwrap();
    assert!(
        shown.contains("L1 memory") && shown.contains("L2 file"),
        "{shown}"
    );
    let file = "namespace = 'eu'\n[layers.0]\nmemory.max_entries = 7\n";
    let shown = configured(file, &[]).unwrap();
    assert!(
        shown.contains("eu: computed") && shown.contains("1 entry of 7"),
        "{shown}"
    );
    let variables = [
        ("SHOP_CACHE_LAYERS__0__MEMORY__MAX_ENTRIES", "50"),
        ("SHOP_CACHE_LAYERS__0__MEMORY__POLICY", "lru"),
        ("SHOP_CACHE_WRITE_STRATEGY", "write_back"),
    ];
    let shown = configured(file, &variables).unwrap();
    assert!(shown.contains("1 entry of 50, policy lru"), "{shown}");
    assert!(shown.contains("WriteBack"), "{shown}");
}

#[test]
fn a_wrong_setting_is_named_with_what_is_allowed() {
    for (file, variable, named, allowed) in [
        (
            "layers = ['redis://u:hunter2@h']",
            None,
            "layers",
            "a table of settings",
        ),
        (
            "[[layers]]\nredis = 'redis://u:hunter2@h'",
            None,
            "layers",
            "a table of settings",
        ),
        (
            "[layers.0]\npostgres = 'postgresql://u:hunter2@h'",
            None,
            "layers",
            "a table of settings",
        ),
        (
            "",
            Some(("SHOP_CACHE_LAYERS__0__REDIS", "redis://u:hunter2@h")),
            "LAYERS",
            "a table of settings",
        ),
        ("ttl = 0", None, "ttl", "a time above zero"),
        ("ttll = 5", None, "ttll", "`ttl`"),
        (
            "[[layers]]\nmemory.size = 5",
            None,
            "layers.0.memory",
            "`max_entries`",
        ),
        (
            "[[layers]]\nmemory.max_entries = 0",
            None,
            "layers.0: max_entries is 0",
            "at least 1",
        ),
        (
            "[[layers]]\nmemory = {}\ndeadline = '5 parsecs'",
            None,
            "deadline",
            "250ms",
        ),
        ("[[layers]]", None, "layers.0", "exactly one store"),
        (
            "[[layers]]\nmemory = {}\nbreaker_failures = 0",
            None,
            "breaker_failures is 0",
            "at least 1",
        ),
        (
            "[[layers]]\nredis.dsn = 'http://u:hunter2@h'",
            None,
            "layers.0: dsn",
            "redis://",
        ),
        (
            "[[layers]]\npostgres.dsn = 'mysql://u:hunter2@h/d'",
            None,
            "layers.0: dsn",
            "postgresql://",
        ),
        (
            "[[layers]]\nmemcached.servers = ['h:port']",
            None,
            "layers.0",
            "port",
        ),
        (
            "",
            Some(("SHOP_CACHE_LAYERS__X__MEMORY__MAX_ENTRIES", "5")),
            "`x`",
            "0 is the top",
        ),
        (
            "",
            Some(("SHOP_CACHE_LAYERS__3__MEMORY__MAX_ENTRIES", "5")),
            "layer 2",
            "missing",
        ),
        (
            "",
            Some(("SHOP_CACHE_WRITE_STRATEGY", "both")),
            "WRITE_STRATEGY",
            "write_back",
        ),
    ] {
        let error = configured(file, variable.as_slice()).unwrap_err();
        assert!(
            error.contains(named) && error.contains(allowed),
            "{file}: {error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}
