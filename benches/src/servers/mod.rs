//! Stores on servers beside their bare clients: a text of 100 bytes under one key a task.

mod memcached;
mod postgres;
mod redis;

use std::time::Duration;

use cachestack::{AnyBackend, Backend, Clock, Entry, Key, Namespace, ValueType};

use crate::measure::{Contender, Load, compare};
use crate::table::Table;

/// How many tasks the busiest row has.
const TASKS: usize = 64;
const MINUTE: Duration = Duration::from_secs(60);

/// Adds the rows of every server that is installed.
pub async fn run(table: &mut Table, rounds: usize, word: &str) {
    let stores = ["redis", "postgres", "memcached"];
    let rows = ["get", "set"];
    for store in stores {
        let wanted =
            rows.map(|row| store.contains(word) || format!("{store} {row}").contains(word));
        if !wanted.contains(&true) {
            continue;
        }
        match store {
            "redis" => redis::run(table, rounds).await,
            "postgres" => postgres::run(table, rounds).await,
            _ => memcached::run(table, rounds).await,
        }
    }
}

/// Our store, reading.
#[derive(Clone)]
struct Get(AnyBackend, Vec<Key>);

/// Our store, writing.
#[derive(Clone)]
struct Set(AnyBackend, Vec<Key>);

fn value() -> String {
    "x".repeat(100)
}

fn keys() -> Vec<Key> {
    let space = Namespace::new("bench");
    (0..TASKS)
        .map(|task| Key::new(&space, format!("key {task}")))
        .collect()
}

impl Contender for Get {
    async fn once(&self, task: usize) {
        let found = self.0.get(&self.1[task], ValueType::of::<String>()).await;
        assert!(found.expect("a get of ours fails").is_hit());
    }
}

impl Contender for Set {
    async fn once(&self, task: usize) {
        let now = Clock::system().now();
        let entry = Entry::new(value(), now).expiring(now.checked_add(MINUTE));
        self.0
            .set(&self.1[task], entry)
            .await
            .expect("a set of ours fails");
    }
}

/// The rows of one store.
async fn rows(
    table: &mut Table,
    rounds: usize,
    store: &str,
    ours: AnyBackend,
    get: impl Contender,
    set: impl Contender,
) {
    for task in 0..TASKS {
        Set(ours.clone(), keys()).once(task).await;
        set.once(task).await;
    }
    for tasks in [1, TASKS] {
        let load = Load { tasks, rounds };
        let times = match tasks {
            1 => "one at a time".to_owned(),
            tasks => format!("{tasks} tasks"),
        };
        let got = compare(load, Get(ours.clone(), keys()), get.clone()).await;
        table.add(format!("{store} get, {times}"), &got);
        let put = compare(load, Set(ours.clone(), keys()), set.clone()).await;
        table.add(format!("{store} set, {times}"), &put);
    }
    ours.close().await.expect("ours cannot be closed");
}
