//! Two threads on hits, while a third invalidates a thousand random keys a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Call, Hit, THREADS, call, pools, together};
use crate::hits::{attribute, moka, ours};
use crate::keys::{Draw, KEYS, Sequence, Uniform};
use crate::measure::{Contender, Plan, Role, measure};
use crate::table::Table;
use crate::workers::Workers;

const NAME: &str = "uniform, 2 threads, 1,000 invalidations a second";
/// One of them.
const PAUSE: Duration = Duration::from_millis(1);

pub(super) fn run(table: &mut Table) {
    if !table.wants(&THREADS, NAME) {
        return;
    }
    let pool = &pools(&[2])[0];
    let (moka, forget_moka) = moka::double_and_forget();
    let ways = [
        ("ours", Role::Ours, call(ours::double), call(ours::forget)),
        (
            "cached",
            Role::Peer,
            call(attribute::double),
            call(attribute::forget),
        ),
        (
            "concurrent",
            Role::Peer,
            call(attribute::concurrent_double),
            call(attribute::concurrent_forget),
        ),
        ("moka", Role::Peer, call(moka), call(forget_moka)),
        (
            ours::NO_COPIES,
            Role::Aside,
            call(ours::double_without_copies),
            call(ours::forget_without_copies),
        ),
    ];
    let ways =
        ways.map(|(name, role, call, forget)| disturbed(pool, Hit { name, role, call }, forget));
    let plan = Plan {
        round: Duration::from_millis(50),
        ..Plan::short(table.rounds)
    };
    let cells = measure(plan, &mut Vec::from(ways));
    table.add(&THREADS, NAME, cells);
}

/// One of them with its disturber, which works as long as a round lasts.
fn disturbed(pool: &Workers, hit: Hit, forget: Call) -> Contender<'_> {
    (hit.call)(&mut Sequence::InOrder(0), KEYS);
    let sequences = (0..pool.count())
        .map(|worker| Sequence::Uniform(Uniform::new(KEYS, worker + 1)))
        .collect();
    let mut hits = together(&hit, pool, sequences);
    let mut victims = Uniform::new(KEYS, 99);
    Contender::new(hit.name, hit.role, move |operations| {
        let (over, seed) = (Arc::new(AtomicBool::new(false)), victims.next());
        let disturber = {
            let (over, forget) = (Arc::clone(&over), Arc::clone(&forget));
            thread::spawn(move || disturb(&over, &forget, seed))
        };
        let took = hits.run(operations);
        over.store(true, Ordering::Relaxed);
        disturber
            .join()
            .expect("the disturber panicked, as said above");
        took
    })
}

fn disturb(over: &AtomicBool, forget: &Call, seed: usize) {
    let mut victims = Sequence::Uniform(Uniform::new(KEYS, seed));
    let mut next = Instant::now();
    while !over.load(Ordering::Relaxed) {
        forget(&mut victims, 1);
        next += PAUSE;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}
