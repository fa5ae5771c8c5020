//! Connections that end in the middle of an answer.

use std::time::{Duration, Instant};

use cachestack::{Cache, Result};
use cachestack_tests::within;

use super::functions::{Source, Value, value};
use super::stage::{BACK, Case, Stacked, Stage, run};

/// After so many bytes; the longer ones are within a value.
const SHORT: [usize; 4] = [0, 1, 2, 3];
const LONG: [usize; 7] = [0, 1, 3, 10, 40, 120, 250];

struct Scene {
    stage: Stage,
    stacked: Stacked,
    witness: Cache,
    /// How many operations by hand failed.
    errors: usize,
    /// How long an operation took at most.
    longest: Duration,
}

impl Scene {
    fn cache(&self) -> &Cache {
        &self.stacked.cache
    }

    /// Cuts the next answer while an operation runs, if it is so long.
    fn cut<R>(&mut self, bytes: usize, operation: impl FnOnce() -> R) -> R {
        // Connections are there before, so that it is an answer to the operation.
        run(self.cache().exists("nothing")).unwrap();
        self.stacked.evict();
        self.stage.proxy.cut_next_answer_after(bytes);
        let began = Instant::now();
        let result = operation();
        self.longest = self.longest.max(began.elapsed());
        result
    }

    /// The next operation works, as soon as a probe may have found that the server is there.
    fn works_again(&self) {
        let back = self.stacked.until_used(&self.witness);
        assert!(back < BACK, "{back:?}");
        run(self.cache().exists("nothing")).unwrap();
    }

    /// What it came to; an error must be one of the connection.
    fn noted<T>(&mut self, result: Result<T>) -> Option<T> {
        if let Err(error) = &result {
            self.errors += 1;
            assert!(error.is_retryable(), "{error}");
        }
        result.ok()
    }
}

pub(super) fn cut_in_the_middle_of_an_answer(case: Case) {
    within(Duration::from_secs(60), move || {
        let stage = Stage::new(case);
        let mut scene = Scene {
            stacked: stage.patient_cache(),
            witness: stage.witness(),
            stage,
            errors: 0,
            longest: Duration::ZERO,
        };
        functions(&mut scene);
        gets(&mut scene);
        sets(&mut scene);
        deletes(&mut scene);
        let Scene {
            errors, longest, ..
        } = scene;
        let cuts = scene.stage.proxy.cuts();
        assert!(cuts >= 20, "{cuts} were cut");
        // Nobody waits for an answer that does not come.
        assert!(longest < Duration::from_secs(2), "{longest:?}");
        case.row(
            "cut_in_the_middle_of_an_answer",
            format!("{cuts} cuts, {errors} errors by hand, longest {longest:.1?}"),
        );
    });
}

fn functions(scene: &mut Scene) {
    let source = Source::default();
    for (id, bytes) in (0..).zip(LONG) {
        let cache = scene.cache().clone();
        let call = || run(cache.scope(value(id, &source)));
        call();
        let found = scene.cut(bytes, call);
        assert_eq!(found.version_of(id), 0);
        scene.works_again();
        assert_eq!(call().version_of(id), 0);
    }
}

fn gets(scene: &mut Scene) {
    for (id, bytes) in (0..).zip(LONG) {
        let key = format!("read {id}");
        run(scene.cache().set(&key, Value::new(id, 7), None)).unwrap();
        let cache = scene.cache().clone();
        let get = || run(cache.get::<Value>(&key));
        let found = scene.cut(bytes, get);
        if let Some(Some(found)) = scene.noted(found) {
            assert_eq!(found.version_of(id), 7);
        }
        scene.works_again();
        assert_eq!(get().unwrap().unwrap().version_of(id), 7);
    }
}

fn sets(scene: &mut Scene) {
    for (id, bytes) in (0..).zip(SHORT) {
        let key = format!("written {id}");
        let cache = scene.cache().clone();
        let set = |version| run(cache.set(&key, Value::new(id, version), None));
        set(0).unwrap();
        let written = scene.cut(bytes, || set(1));
        let failed = scene.noted(written).is_none();
        // A failed write leaves nothing or the new value, never the old one.
        for _ in 0..2 {
            match run(scene.cache().get::<Value>(&key)).ok().flatten() {
                Some(found) => assert_eq!(found.version_of(id), 1),
                None => assert!(failed, "a write that succeeded is there"),
            }
            scene.stacked.evict();
            scene.works_again();
        }
    }
}

fn deletes(scene: &mut Scene) {
    for (id, bytes) in (0..).zip(SHORT) {
        let key = format!("deleted {id}");
        run(scene.cache().set(&key, Value::new(id, 1), None)).unwrap();
        let cache = scene.cache().clone();
        let deleted = scene.cut(bytes, || run(cache.delete(&key)));
        scene.noted(deleted);
        for _ in 0..2 {
            let found = run(scene.cache().get::<Value>(&key));
            assert!(found.is_err() || found.unwrap().is_none(), "it was deleted");
            scene.stacked.evict();
            scene.works_again();
        }
        run(scene.cache().flush()).unwrap();
        assert!(!run(scene.witness.exists(&key)).unwrap());
    }
}
