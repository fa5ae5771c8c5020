//! Changes that a store misses because it is away: what it has from before is never seen again.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cachestack::Cache;
use cachestack_tests::{eventually, within};

use super::functions::{Source, Value, change, sync_change, sync_value, value};
use super::stage::{Case, DEADLINE, Stacked, Stage, run};
use super::store::Settings;

/// How the store goes away, and comes back with what it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    Stopped,
    Refusing,
    Killed,
}

impl Absence {
    fn begin(self, stage: &Stage) {
        match self {
            Self::Stopped => stage.store.pause(),
            Self::Refusing => stage.proxy.refuse(),
            Self::Killed => stage.store.kill(),
        }
    }

    fn end(self, stage: &Stage) {
        match self {
            Self::Stopped => stage.store.resume(),
            Self::Refusing => stage.proxy.accept(),
            Self::Killed => stage.store.restart(),
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

const OLD: u64 = 0;
const NEW: u64 = 1;
/// The ids of the keys by hand.
const SET: u64 = 10;
const DELETED: u64 = 11;
const SET_AND_DELETED: u64 = 12;

/// What is read, and from where.
struct Scene {
    stacked: Stacked,
    source: Source,
    /// The ids of the values that a mutation concerns.
    changed: Range<u64>,
}

impl Scene {
    fn cache(&self) -> &Cache {
        &self.stacked.cache
    }

    fn key(id: u64) -> String {
        format!("by hand {id}")
    }

    /// Fills the store, and the memory above it, with what is old later.
    fn fill(&self, witness: &Cache) {
        for id in self.changed.clone() {
            witness.sync_scope(|| match id % 2 {
                0 => value::entry(id)
                    .blocking()
                    .put(Value::new(id, OLD))
                    .unwrap(),
                _ => sync_value::entry(id)
                    .blocking()
                    .put(Value::new(id, OLD))
                    .unwrap(),
            });
            self.stacked.call(id, &self.source);
        }
        for id in [SET, DELETED, SET_AND_DELETED] {
            let old = Value::new(id, OLD);
            run(witness.set(Self::key(id), old, None)).unwrap();
            let found = || run(self.cache().get::<Value>(Self::key(id))).ok().flatten();
            // A busy machine may be too slow the first time.
            eventually(|| found().is_some_and(|found| found.version_of(id) == OLD));
        }
    }

    /// Everything changes. Mutations succeed whatever the store does; by hand the caller is told.
    fn change(&self, silent: bool) {
        let set = |id, version| {
            run(self
                .cache()
                .set(Self::key(id), Value::new(id, version), None))
        };
        let delete = |id| run(self.cache().delete(Self::key(id)));
        // The first of these may be under way when the server stops listening, and arrive late.
        let told = [
            set(SET_AND_DELETED, OLD),
            set(SET, NEW),
            delete(DELETED),
            delete(SET_AND_DELETED),
        ];
        for told in told {
            assert_eq!(told.is_ok(), silent, "{told:?}");
        }
        for id in self.changed.clone() {
            self.source.version.store(OLD, Ordering::SeqCst);
            match id % 2 {
                0 => run(self.cache().scope(change(id, &self.source))),
                _ => self.cache().sync_scope(|| sync_change(id, &self.source)),
            }
        }
    }

    /// Reads everything, without and with memory; panics when it is old.
    fn look(&self) {
        self.stacked.evict();
        for _ in 0..2 {
            for id in self.changed.clone() {
                let (found, _) = self.stacked.call(id, &self.source);
                assert_eq!(found.version_of(id), NEW, "the old value of {id}");
            }
            for id in [SET, DELETED, SET_AND_DELETED] {
                let found = run(self.cache().get::<Value>(Self::key(id)));
                let version = found.ok().flatten().map(|found| found.version_of(id));
                let fine = version.is_none() || (id == SET && version == Some(NEW));
                assert!(fine, "the old value of {id} by hand");
            }
        }
    }

    /// The same from elsewhere, when everything was told to the store.
    fn look_from(&self, witness: &Cache) {
        for id in self.changed.clone().filter(|id| id % 2 == 0) {
            let entry = witness.sync_scope(|| value::entry(id));
            let found = entry.blocking().get().unwrap();
            assert!(found.is_none_or(|found| found.version_of(id) == NEW));
        }
        let found = |id| run(witness.get::<Value>(Self::key(id))).unwrap();
        assert!(found(SET).is_none_or(|found| found.version_of(SET) == NEW));
        assert_eq!((found(DELETED), found(SET_AND_DELETED)), (None, None));
    }
}

/// How a rule is shown.
struct Rule {
    name: &'static str,
    absence: Absence,
    silent: bool,
    /// The ids of the values that a mutation concerns.
    changed: Range<u64>,
    max_pending: usize,
    /// How long is looked without a pause when the store is back.
    look: Duration,
}

impl Rule {
    fn new(name: &'static str, absence: Absence) -> Self {
        Self {
            name,
            absence,
            silent: false,
            changed: 0..4,
            max_pending: 10_000,
            look: Duration::from_secs(1),
        }
    }

    fn show(self, case: Case) {
        within(Duration::from_secs(60), move || {
            let measured = old_values_are_never_seen(case, &self);
            case.row(&format!("{} ({})", self.name, self.absence), measured);
        });
    }
}

pub(super) fn what_changed(case: Case, absence: Absence) {
    let rule = Rule {
        look: match absence {
            Absence::Refusing => Duration::from_secs(1),
            // What was under way may arrive a second later.
            _ => Duration::from_secs(2),
        },
        ..Rule::new("what_changed", absence)
    };
    rule.show(case);
}

pub(super) fn what_changed_behind_a_silent_store(case: Case, absence: Absence) {
    let rule = Rule {
        silent: true,
        look: Duration::from_secs(2),
        ..Rule::new("what_changed_behind_a_silent_store", absence)
    };
    rule.show(case);
}

pub(super) fn more_changes_than_there_is_room_for(case: Case, absence: Absence) {
    let rule = Rule {
        changed: 20..40,
        max_pending: 3,
        ..Rule::new("more_changes_than_there_is_room_for", absence)
    };
    rule.show(case);
}

fn old_values_are_never_seen(case: Case, rule: &Rule) -> String {
    let stage = Stage::new(case);
    let settings = Settings {
        silent: rule.silent,
        ..Settings::default()
    };
    let dsn = stage.dsn_of_proxy();
    let scene = Scene {
        stacked: stage.cache_at(&dsn, &settings, |layer| {
            layer.deadline(DEADLINE).max_pending(rule.max_pending)
        }),
        source: Source::default(),
        changed: rule.changed.clone(),
    };
    let witness = stage.witness();
    scene.fill(&witness);

    rule.absence.begin(&stage);
    scene.change(rule.silent);
    let until = Instant::now() + Duration::from_millis(300);
    while Instant::now() < until {
        scene.look();
    }
    let waiting = scene.stacked.stats().pending;

    rule.absence.end(&stage);
    let back = Instant::now();
    let (mut looks, mut delivered) = (0_u32, None);
    while back.elapsed() < rule.look {
        scene.look();
        looks += 1;
        if scene.stacked.stats().pending == Some(0) {
            delivered.get_or_insert(back.elapsed());
        }
    }
    let overflowed = scene.stacked.stats().overflowed;
    let flushed = run(scene.cache().flush());
    assert_eq!(flushed.is_ok(), overflowed == 0, "{flushed:?}");
    run(scene.cache().flush()).unwrap();
    scene.look_from(&witness);
    scene.look();
    sleep(Duration::from_millis(100));
    scene.look();
    scene.look_from(&witness);
    let used = scene.stacked.until_used(&witness);
    let fits = (rule.changed.end - rule.changed.start) < rule.max_pending as u64;
    assert_eq!(overflowed == 0, fits);
    format!(
        "{} waited, {overflowed} overflowed, delivered after {delivered:.1?}, {looks} looks, used {used:.1?} later",
        waiting.unwrap()
    )
}
