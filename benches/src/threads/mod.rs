//! Hits by several threads at once: wall time over the operations of all of them.

mod disturbed;
pub mod million;

use std::hint::black_box;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use memoize::memoize;

use crate::body::{self, runs};
use crate::hits::{attribute, moka, ours, raw};
use crate::keys::{KEYS, Sequence, Trace, Uniform};
use crate::measure::{Cell, Contender, Plan, Role, measure};
use crate::table::{Heading, Table, Unit};
use crate::workers::Workers;

const THREADS: Heading = Heading {
    name: "threads",
    unit: Unit::Nanoseconds,
    about: "ns of wall time an operation of all threads, hits of fn(u64) -> u64, ttl one hour, stats on",
};

const SPEED_UP: Heading = Heading {
    name: "speed-up",
    unit: Unit::Times,
    about: "operations of two threads over those of one, in the rows of threads",
};

/// Who does nothing with a key: what two threads gain at it is what the machine had to give at that time.
const NOTHING: &str = "no cache";

const FILLED_AT_ONCE: usize = 1_024;

/// A function that several threads call, with so many keys of a sequence at a time.
type Call = Arc<dyn Fn(&mut Sequence, usize) + Send + Sync>;

/// Somebody's function, whose keys are there already.
struct Hit {
    name: &'static str,
    role: Role,
    call: Call,
}

/// Sees to it that every result is made.
fn call<R>(call: impl Fn(usize) -> R + Send + Sync + 'static) -> Call {
    Arc::new(move |keys, count| keys.each(count, |key| drop(black_box(call(black_box(key))))))
}

/// Adds the rows.
pub fn run(table: &mut Table) {
    let uniform = |worker| Sequence::Uniform(Uniform::new(KEYS, worker + 1));
    let zipf = |worker| Sequence::Trace(Trace::zipf(KEYS, 1 << 16, worker + 1));
    spread(table, "uniform", &[1, 2, 4], KEYS, uniform, shared);
    spread(table, "Zipf", &[1, 2, 4], KEYS, zipf, shared);
    disturbed::run(table);
}

/// The functions whose stores all threads share.
fn shared() -> Vec<Hit> {
    let hit = |name, role, call| Hit { name, role, call };
    vec![
        hit("ours", Role::Ours, call(ours::double)),
        hit("cached", Role::Peer, call(attribute::double)),
        hit("concurrent", Role::Peer, call(attribute::concurrent_double)),
        hit("memoize", Role::Peer, call(memoized)),
        hit("moka", Role::Peer, call(moka::double())),
        hit("raw", Role::Raw, call(raw::double())),
        hit(
            ours::NO_COPIES,
            Role::Aside,
            call(ours::double_without_copies),
        ),
        hit(NOTHING, Role::Aside, call(|key| key)),
    ]
}

/// With the option that makes it one store for all threads.
#[memoize(SharedCache, TimeToLive: std::time::Duration::from_secs(3600), CustomHasher: ahash::HashMap, HasherInit: ahash::HashMap::default())]
fn shared_by_memoize(id: u64) -> u64 {
    body::double(id)
}

fn memoized(key: usize) -> u64 {
    shared_by_memoize(key as u64)
}

/// A row for each number of threads, all measured in the same rounds, and what two threads gain.
fn spread(
    table: &mut Table,
    keys_are: &str,
    threads: &[usize],
    keys: usize,
    sequence: impl Fn(usize) -> Sequence,
    functions: impl FnOnce() -> Vec<Hit>,
) {
    let name = |threads: &usize| match threads {
        1 => format!("{keys_are}, 1 thread"),
        threads => format!("{keys_are}, {threads} threads"),
    };
    let mut wanted = threads.iter().map(&name);
    if !wanted.any(|name| table.wants(&THREADS, &name)) && !table.wants(&SPEED_UP, keys_are) {
        return;
    }
    let functions = functions();
    fill(&functions, keys);
    let (before, pools) = (runs(), pools(threads));
    let mut contenders = Vec::new();
    for (pool, hit) in pools
        .iter()
        .flat_map(|pool| functions.iter().map(move |hit| (pool, hit)))
    {
        let sequences = (0..pool.count()).map(&sequence).collect();
        contenders.push(together(hit, pool, sequences));
    }
    let mut cells = measure(Plan::short(table.rounds), &mut contenders);
    assert_eq!(runs(), before, "a hit computed");
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    while !cells.is_empty() {
        let rest = cells.split_off(functions.len());
        rows.push(mem::replace(&mut cells, rest));
    }
    gained(table, keys_are, threads, &rows);
    for (threads, cells) in threads.iter().zip(rows) {
        table.add(&THREADS, &name(threads), cells);
    }
}

/// Asks for all keys, a few of each function at a time: what is filled last lies better in memory, by up to a tenth, so
/// what all of them keep is to lie there alike.
fn fill(functions: &[Hit], keys: usize) {
    let mut sequences: Vec<_> = functions.iter().map(|_| Sequence::InOrder(0)).collect();
    for first in (0..keys).step_by(FILLED_AT_ONCE) {
        let some = FILLED_AT_ONCE.min(keys - first);
        for (hit, sequence) in functions.iter().zip(&mut sequences) {
            (hit.call)(sequence, some);
        }
    }
}

fn pools(threads: &[usize]) -> Vec<Workers> {
    threads.iter().map(|&count| Workers::new(count)).collect()
}

/// Two threads beside one.
fn gained(table: &mut Table, keys_are: &str, threads: &[usize], rows: &[Vec<Cell>]) {
    let at = |wanted| threads.iter().position(|threads| *threads == wanted);
    let (Some(one), Some(two)) = (at(1), at(2)) else {
        return;
    };
    let mut add = |name: &str, of: fn(&Cell) -> f64| {
        let pairs = rows[one].iter().zip(&rows[two]);
        let cells = pairs.map(|(one, two)| Cell::exact(one.contender, one.role, of(one) / of(two)));
        table.add(&SPEED_UP, name, cells.collect());
    };
    add(keys_are, |cell| cell.median);
    // Two threads suffer more from a neighbour on the machine than one does; the best rounds had none.
    add(&format!("{keys_are}, best rounds"), |cell| cell.least);
}

/// One of them, by all threads of the pool, each with a sequence of its own.
fn together<'a>(hit: &Hit, pool: &'a Workers, sequences: Vec<Sequence>) -> Contender<'a> {
    let (call, each) = (Arc::clone(&hit.call), Arc::new(AtomicUsize::new(0)));
    let work = {
        let each = Arc::clone(&each);
        let sequences: Vec<_> = sequences.into_iter().map(Mutex::new).collect();
        Arc::new(move |worker: usize| {
            // On the worker's own stack: beside each other they would share lines of the processors' caches.
            let kept = || {
                sequences[worker]
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
            };
            let mut sequence = mem::replace(&mut *kept(), Sequence::InOrder(0));
            call(&mut sequence, each.load(Ordering::Relaxed));
            *kept() = sequence;
        })
    };
    let threads = pool.count();
    Contender::new(hit.name, hit.role, move |operations| {
        let share = operations.div_ceil(threads);
        each.store(share, Ordering::Relaxed);
        pool.run(&work)
            .mul_f64(operations as f64 / (share * threads) as f64)
    })
}
