//! Everything at once, while a layer fails in every way it can.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cachestack_backends::testing::{Fault, Faults, FaultyBackend, Method};
use cachestack_backends::{
    AnyBackend, Backend, Clock, ErrorKind, Layer, MemoryBackend, Namespace, TieredCache, ValueType,
    WriteStrategy,
};

use super::support::{Desk, key, numbers, soon, wanting};
use super::{MILLI, until};

const KEYS: usize = 4;
const LASTS: Duration = Duration::from_secs(2);

/// What is true of a key, and what nobody may see any more.
#[derive(Default)]
struct Truth {
    /// Held by who changes the key by hand.
    changing: Mutex<()>,
    /// What a function would compute now.
    now: AtomicU64,
    /// No later read may find less.
    least: AtomicU64,
}

struct Storm {
    stack: TieredCache,
    desk: Desk,
    top: Desk,
    store: MemoryBackend,
    faults: Faults,
    truths: [Truth; KEYS],
    ended: AtomicBool,
}

impl Storm {
    fn new(strategy: WriteStrategy, detached: bool) -> Self {
        let clock = Clock::manual();
        let memory = || {
            let builder = MemoryBackend::builder().clock(clock.clone());
            builder.build().unwrap()
        };
        let (top, store) = (memory(), memory());
        let lower = FaultyBackend::new(store.clone());
        let lower = match detached {
            true => lower.with_info(|info| info.immediate(false).detached(true)),
            false => lower.with_info(|info| info.immediate(false).detached(false)),
        };
        let faults = lower.faults();
        let layer = Layer::new(lower).deadline(5 * MILLI).max_pending(3);
        let builder = TieredCache::builder().clock(clock.clone());
        let builder = builder.shared_fence(true).write_strategy(strategy);
        let stack = builder.layer(top.clone()).layer(layer).build().unwrap();
        Self {
            desk: Desk::new(&stack, &clock),
            top: Desk::new(&top, &clock),
            stack,
            store,
            faults,
            truths: Default::default(),
            ended: AtomicBool::new(false),
        }
    }

    fn name(index: usize) -> String {
        format!("k{index}")
    }

    /// Changes keys by hand, whether the layers take it or not.
    fn change(&self, indexes: &[usize], call: impl FnOnce(&[u64])) {
        let mut indexes = indexes.to_vec();
        indexes.sort_unstable();
        indexes.dedup();
        let truths = indexes.iter().map(|&index| &self.truths[index]);
        let held: Vec<_> = truths
            .clone()
            .map(|it| it.changing.lock().unwrap())
            .collect();
        let next = truths.clone().map(|it| it.now.load(Ordering::SeqCst) + 1);
        let next: Vec<u64> = next.collect();
        for (truth, value) in truths.clone().zip(&next) {
            truth.now.store(*value, Ordering::SeqCst);
        }
        call(&next);
        for (truth, value) in truths.zip(&next) {
            truth.least.store(*value, Ordering::SeqCst);
        }
        drop(held);
    }

    fn expect_at_least(&self, index: usize, least: u64, found: Option<u64>) {
        if let Some(value) = found {
            assert!(value >= least, "{value} was read of k{index} after {least}");
        }
    }

    fn read(&self, index: usize) {
        let least = self.truths[index].least.load(Ordering::SeqCst);
        self.expect_at_least(index, least, self.get(index));
    }

    fn get(&self, index: usize) -> Option<u64> {
        // When every layer fails it is an error.
        let key = key(&Self::name(index));
        let entry = soon(self.stack.get(&key, ValueType::of::<u64>()))
            .ok()?
            .hit()?;
        entry.value::<u64>().copied()
    }

    /// As a cached function does it.
    fn compute(&self, index: usize) {
        let (key, value_type) = (key(&Self::name(index)), ValueType::of::<u64>());
        let least = self.truths[index].least.load(Ordering::SeqCst);
        let mut passage = self.stack.passage(&key);
        let found = soon(self.stack.look_up(&key, value_type, &mut passage));
        match found.ok().and_then(|found| found.hit()) {
            Some(entry) => self.expect_at_least(index, least, entry.value().copied()),
            None => {
                let value = self.truths[index].now.load(Ordering::SeqCst);
                thread::yield_now();
                drop(soon(self.stack.store(
                    &key,
                    self.desk.entry(value),
                    &passage,
                )));
            }
        }
    }

    fn act(&self, number: u64) {
        let index = (number / 64) as usize % KEYS;
        let two = [index, (number / 1024) as usize % KEYS];
        let name = key(&Self::name(index));
        let names = || {
            let mut two = two;
            two.sort_unstable();
            two.map(|it| key(&Self::name(it)))
        };
        match number % 16 {
            0 | 1 => self.change(&[index], |next| {
                drop(soon(self.stack.set(&name, self.desk.entry(next[0]))));
            }),
            2 | 3 => self.change(&[index], |_| drop(soon(self.stack.delete(&name)))),
            4 => self.change(&two, |next| {
                let values = [next[0], *next.last().unwrap()];
                let entries = names().into_iter().zip(values);
                let entries = entries.map(|(key, value)| (key, self.desk.entry(value)));
                drop(soon(self.stack.set_many(entries.collect())));
            }),
            5 => self.change(&two, |_| drop(soon(self.stack.delete_many(&names())))),
            6 if number % 5 == 0 => self.change(&[0, 1, 2, 3], |_| {
                drop(soon(self.stack.clear(&Namespace::new("test"))));
            }),
            7 | 8 => self.top.delete(&Self::name(index)),
            9..=12 => self.compute(index),
            13 => {
                let least = two.map(|it| self.truths[it].least.load(Ordering::SeqCst));
                let keys = two.map(|it| key(&Self::name(it)));
                let found = soon(self.stack.get_many(&wanting(&keys, ValueType::of::<u64>())));
                for (i, found) in found.into_iter().flatten().enumerate() {
                    let value = found.hit().and_then(|it| it.value().copied());
                    self.expect_at_least(two[i], least[i], value);
                }
            }
            _ => self.read(index),
        }
    }

    fn disturb(&self, seed: u64) {
        const FAULTS: [Fault; 9] = [
            Fault::Hang,
            Fault::HangAfter,
            Fault::Late,
            Fault::Refuse,
            Fault::Panic,
            Fault::Fail(ErrorKind::Unavailable),
            Fault::Fail(ErrorKind::TooLarge),
            Fault::Lose(ErrorKind::Timeout),
            Fault::Delay(Duration::from_millis(2)),
        ];
        for number in numbers(seed) {
            if self.ended.load(Ordering::SeqCst) {
                break;
            }
            let method = Method::ALL[(number / 16) as usize % 11];
            self.faults
                .inject(method, FAULTS[(number / 256) as usize % FAULTS.len()]);
            thread::sleep(Duration::from_micros(number / 4096 % 9_000));
            if number % 2 == 0 {
                self.faults.heal();
            }
            soon(self.faults.arrive());
        }
        self.faults.heal();
        soon(self.faults.arrive());
    }

    fn rage(&self, seed: u64) {
        let began = Instant::now();
        thread::scope(|scope| {
            let worker = |worker: u64| {
                for number in numbers(seed * 100 + worker) {
                    if began.elapsed() > LASTS {
                        break;
                    }
                    self.act(number);
                }
            };
            let workers: Vec<_> = (0..6)
                .map(|number| scope.spawn(move || worker(number)))
                .collect();
            let disturbing = scope.spawn(|| self.disturb(seed));
            let results: Vec<_> = workers.into_iter().map(|it| it.join()).collect();
            self.ended.store(true, Ordering::SeqCst);
            disturbing.join().unwrap();
            results.into_iter().for_each(|it| it.unwrap());
        });
    }

    fn calm_down(&self) {
        // What could not be kept is told once; then everything has arrived.
        drop(soon(self.stack.flush()));
        soon(self.stack.flush()).unwrap();
        let below = Desk {
            backend: AnyBackend::new(self.store.clone()),
            ..self.desk.clone()
        };
        for (index, truth) in self.truths.iter().enumerate() {
            let newest = truth.now.load(Ordering::SeqCst);
            for layer in [&self.top, &below, &self.desk] {
                let value = layer.get::<u64>(&Self::name(index));
                assert!(value.is_none() || value == Some(newest), "{value:?}");
            }
        }
        until(|| self.store.fence().unwrap().watched() == 0);
        let stats = soon(self.stack.stats()).unwrap();
        assert_eq!(stats.layers[1].pending, Some(0));
    }
}

fn survive(seed: u64, strategy: WriteStrategy, detached: bool) {
    let storm = Storm::new(strategy, detached);
    storm.rage(seed + extra_seed());
    storm.calm_down();
}

#[test]
fn through_any_storm_nothing_older_is_read_than_what_was_changed_by_hand() {
    survive(0, WriteStrategy::WriteThrough, true);
}

#[test]
fn through_any_storm_nothing_older_is_read_where_callers_tell_a_layer_what_it_missed() {
    survive(1, WriteStrategy::WriteThrough, false);
}

#[test]
fn through_any_storm_nothing_older_is_read_where_layers_are_written_back() {
    survive(2, WriteStrategy::WriteBack, true);
}

/// For trying other storms than the usual ones: `CACHESTACK_STORM=7`.
fn extra_seed() -> u64 {
    let seed = std::env::var("CACHESTACK_STORM").ok();
    seed.and_then(|seed| seed.parse().ok()).unwrap_or(0)
}
