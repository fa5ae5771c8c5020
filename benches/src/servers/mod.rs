//! Stores on servers beside their bare clients: a text of 100 bytes under one key a task.

mod memcached;
mod postgres;
mod redis;

use std::time::{Duration, Instant};

use cachestack::{AnyBackend, Backend, Clock, Entry, Key, Namespace, ValueType};
use tokio::runtime::Runtime;

use crate::measure::{Contender, Plan, Role, measure};
use crate::table::{Heading, Table, Unit};

const SERVERS: Heading = Heading {
    name: "server",
    unit: Unit::Microseconds,
    about: "µs an operation, wall time over the operations of all tasks",
};

/// How many tasks the busiest row has.
const TASKS: usize = 64;
/// How many keys a batch has.
const BATCH: usize = 100;
const HOUR: Duration = Duration::from_secs(3600);

/// Adds the rows of every server that is installed.
pub fn run(table: &mut Table) {
    let wanted = |store: &str| {
        let mut rows = Row::ALL.iter();
        rows.any(|row| table.wants(&SERVERS, &row.name(store)))
    };
    let [redis, postgres, memcached] = ["redis", "postgres", "memcached"].map(wanted);
    let runtime = Runtime::new().expect("a runtime");
    if redis {
        redis::run(table, &runtime);
    }
    if postgres {
        postgres::run(table, &runtime);
    }
    if memcached {
        memcached::run(table, &runtime);
    }
}

/// What a row does, and how many tasks do it.
#[derive(Clone, Copy)]
struct Row {
    operation: &'static str,
    tasks: usize,
}

impl Row {
    const ALL: [Self; 5] = [
        Self::new("get", 1),
        Self::new("set", 1),
        Self::new("get", TASKS),
        Self::new("set", TASKS),
        Self::new("get_many(100)", 1),
    ];

    const fn new(operation: &'static str, tasks: usize) -> Self {
        Self { operation, tasks }
    }

    fn name(self, store: &str) -> String {
        match self.tasks {
            1 => format!("{store} {}, one at a time", self.operation),
            tasks => format!("{store} {}, {tasks} tasks", self.operation),
        }
    }
}

/// A way to the server that does one operation over and over, for a task of that number.
trait Client: Clone + Send + Sync + 'static {
    /// Does it once.
    fn once(&self, task: usize) -> impl Future<Output = ()> + Send;
}

/// So many tasks that do it at once.
fn tasks<'a>(
    name: &'static str,
    role: Role,
    runtime: &'a Runtime,
    tasks: usize,
    client: impl Client,
) -> Contender<'a> {
    Contender::new(name, role, move |operations| {
        let each = operations.div_ceil(tasks);
        let began = Instant::now();
        let running: Vec<_> = (0..tasks)
            .map(|task| {
                let client = client.clone();
                runtime.spawn(async move {
                    for _ in 0..each {
                        client.once(task).await;
                    }
                })
            })
            .collect();
        for task in running {
            runtime
                .block_on(task)
                .expect("a client fails, as said above");
        }
        began
            .elapsed()
            .mul_f64(operations as f64 / (each * tasks) as f64)
    })
}

/// Our store, reading, writing, and reading many.
#[derive(Clone)]
struct Get(AnyBackend, Vec<Key>);

#[derive(Clone)]
struct Set(AnyBackend, Vec<Key>);

#[derive(Clone)]
struct GetMany(AnyBackend, Vec<(Key, &'static ValueType)>);

fn value() -> String {
    "x".repeat(100)
}

fn keys(count: usize) -> Vec<Key> {
    let space = Namespace::new("bench");
    (0..count)
        .map(|task| Key::new(&space, format!("key {task}")))
        .collect()
}

impl Client for Get {
    async fn once(&self, task: usize) {
        let found = self.0.get(&self.1[task], ValueType::of::<String>()).await;
        assert!(found.expect("a get of ours fails").is_hit());
    }
}

impl Client for Set {
    async fn once(&self, task: usize) {
        let now = Clock::system().now();
        let entry = Entry::new(value(), now).expiring(now.checked_add(HOUR));
        self.0
            .set(&self.1[task], entry)
            .await
            .expect("a set of ours fails");
    }
}

impl Client for GetMany {
    async fn once(&self, _task: usize) {
        let found = self.0.get_many(&self.1).await;
        let found = found.expect("a get_many of ours fails");
        assert!(found.iter().all(|lookup| lookup.is_hit()));
    }
}

/// A store of ours beside its bare client.
struct Pair<'a, G, S> {
    store: &'static str,
    runtime: &'a Runtime,
    ours: AnyBackend,
    get: G,
    set: S,
}

impl<G: Client, S: Client> Pair<'_, G, S> {
    /// Adds its rows.
    fn rows(&self, table: &mut Table) {
        let keys = keys(BATCH);
        let set = Set(self.ours.clone(), keys.clone());
        self.runtime.block_on(async {
            for key in 0..BATCH {
                set.once(key).await;
                if key < TASKS {
                    self.set.once(key).await;
                }
            }
        });
        for row in Row::ALL {
            let get = Get(self.ours.clone(), keys.clone());
            match row.operation {
                "get" => self.row(table, row, get, self.get.clone()),
                "set" => self.row(table, row, set.clone(), self.set.clone()),
                _ => {}
            }
        }
    }

    fn row(&self, table: &mut Table, row: Row, ours: impl Client, bare: impl Client) {
        let name = row.name(self.store);
        if !table.wants(&SERVERS, &name) {
            return;
        }
        let plan = Plan {
            round: Duration::from_millis(60),
            ..Plan::short(table.rounds)
        };
        let mut contenders = [
            tasks("ours", Role::Ours, self.runtime, row.tasks, ours),
            tasks("bare", Role::Peer, self.runtime, row.tasks, bare),
        ];
        table.add(&SERVERS, &name, measure(plan, &mut contenders));
    }

    /// Adds the row of a batch, whose keys the bare client has too.
    fn many(&self, table: &mut Table, bare: impl Client) {
        let keys = keys(BATCH).into_iter();
        let keys = keys.map(|key| (key, ValueType::of::<String>()));
        let ours = GetMany(self.ours.clone(), keys.collect());
        self.row(table, Row::new("get_many(100)", 1), ours, bare);
    }

    fn close(self) {
        let closed = self.runtime.block_on(self.ours.close());
        closed.expect("ours cannot be closed");
    }
}
