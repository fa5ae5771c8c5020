//! Other processes, which are this very test program, told by the environment what to do.

use std::env;
use std::process::Command;
use std::thread;
use std::time::Duration;

use cachestack::Cache;

use super::functions::Value;
use super::stage::{Stage, run};
use super::store::{Kind, Settings};

const ROLE: &str = "CACHESTACK_FAULTS_ROLE";

/// Where a store is, to be told to another process.
pub(super) struct Shelf {
    kind: Kind,
    dsn: String,
    name: String,
}

impl Shelf {
    pub(super) fn of(stage: &Stage) -> Self {
        Self {
            kind: stage.case.kind,
            dsn: stage.dsn(),
            name: stage.name.clone(),
        }
    }

    fn open(&self) -> Cache {
        let settings = Settings {
            timeout: Duration::from_secs(5),
            ..Settings::default()
        };
        let backend = self.kind.open(&self.dsn, &self.name, &settings);
        let builder = Cache::builder().namespace(self.name.as_str());
        builder.layer(backend).build().unwrap()
    }
}

/// Has a process of its own read those keys, with the ids and versions of their values.
///
/// # Panics
/// When it finds anything else.
pub(super) fn in_another_process(shelf: &Shelf, expected: &[(String, u64, u64)]) {
    let expected = serde_json::to_string(expected).unwrap();
    let Shelf { kind, dsn, name } = shelf;
    let role = format!("{kind:?}\n{dsn}\n{name}\n{expected}");
    restart("processes::another_process", &role);
}

/// Does nothing unless another test asks for it.
#[test]
fn another_process() {
    let Ok(role) = env::var(ROLE) else { return };
    let [kind, dsn, name, expected] = role.split('\n').collect::<Vec<_>>()[..] else {
        panic!("{role}");
    };
    let shelf = Shelf {
        kind: [Kind::Redis, Kind::Memcached, Kind::Postgres]
            .into_iter()
            .find(|it| format!("{it:?}") == kind)
            .unwrap(),
        dsn: dsn.to_owned(),
        name: name.to_owned(),
    };
    let cache = shelf.open();
    let expected: Vec<(String, u64, u64)> = serde_json::from_str(expected).unwrap();
    for (key, id, version) in expected {
        let found = run(cache.get::<Value>(&key)).unwrap();
        assert_eq!(found.unwrap().version_of(id), version, "{key}");
    }
}

/// Runs a test in a process of its own: what it sets holds for all of a process.
pub(super) fn alone(test: impl FnOnce()) {
    match env::var_os(ROLE) {
        Some(_) => test(),
        None => restart(thread::current().name().unwrap(), "alone"),
    }
}

fn restart(test: &str, role: &str) {
    let mut process = Command::new(env::current_exe().unwrap());
    let process = process.args([test, "--exact", "--nocapture"]);
    let output = process.env(ROLE, role).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{errors}"
    );
}
