//! Hits: every key is there, and only the way to it is measured.

pub mod attribute;
pub mod moka;
mod others;
pub mod ours;
pub mod raw;

use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::body::runs;
use crate::keys::{Draw, KEYS, Uniform};
use crate::measure::{Contender, Role};
use crate::table::{Heading, Table, Unit};

const HITS: Heading = Heading {
    name: "hit",
    unit: Unit::Nanoseconds,
    about: "ns a call; 4,096 keys at random, ttl one hour, one thread",
};

/// A hit of the key of that number by `call`, over and over. The first pass computes: exactly once for each key.
pub fn hits<'a, R>(
    name: &'static str,
    role: Role,
    call: impl Fn(usize) -> R + 'a,
) -> Contender<'a> {
    hits_within(name, role, |all| all(), call)
}

/// The same inside of something that is entered once for many calls.
pub fn hits_within<'a, R>(
    name: &'static str,
    role: Role,
    within: impl Fn(&mut dyn FnMut()) + 'a,
    call: impl Fn(usize) -> R + 'a,
) -> Contender<'a> {
    within(&mut || fill(name, role, &call));
    let mut draw = Uniform::new(KEYS, 1);
    Contender::new(name, role, move |operations| {
        let mut took = Duration::ZERO;
        within(&mut || {
            let began = Instant::now();
            for _ in 0..operations {
                black_box(call(black_box(draw.next())));
            }
            took = began.elapsed();
        });
        took
    })
}

/// The same, awaited one after the other in one task.
fn awaited<'a, R>(
    name: &'static str,
    role: Role,
    runtime: &'a Runtime,
    call: impl AsyncFn(usize) -> R + 'a,
) -> Contender<'a> {
    fill(name, role, |key| runtime.block_on(call(key)));
    let mut draw = Uniform::new(KEYS, 1);
    Contender::new(name, role, move |operations| {
        runtime.block_on(async {
            let began = Instant::now();
            for _ in 0..operations {
                black_box(call(black_box(draw.next())).await);
            }
            began.elapsed()
        })
    })
}

/// Calls it with every key, which has to compute each once; what is raw has its values already.
fn fill<R>(name: &str, role: Role, call: impl Fn(usize) -> R) {
    let before = runs();
    for key in 0..KEYS {
        black_box(call(key));
    }
    let expected = match role {
        Role::Ours | Role::Peer => KEYS,
        Role::Aside if name == ours::NO_COPIES => KEYS,
        Role::Raw | Role::Aside => 0,
    };
    assert_eq!(runs() - before, expected, "{name} does not cache");
}

/// A row in which nothing is computed any more.
fn row<'a>(table: &mut Table, name: &str, contenders: impl FnOnce() -> Vec<Contender<'a>>) {
    let filled = LazyLock::new(runs);
    table.row(&HITS, name, || {
        let contenders = contenders();
        LazyLock::force(&filled);
        contenders
    });
    assert_eq!(runs(), *filled, "a hit of {name} computed");
}

/// Adds the rows.
pub fn run(table: &mut Table) {
    numbers(table);
    texts(table);
    forms(table);
}

fn numbers(table: &mut Table) {
    row(table, "fn(u64) -> u64", || {
        vec![
            hits("ours", Role::Ours, ours::double),
            hits("cached", Role::Peer, attribute::double),
            hits("concurrent", Role::Peer, attribute::concurrent_double),
            hits("memoize", Role::Peer, others::memoized_double),
            hits("moka", Role::Peer, moka::double()),
            others::oxcache_double(),
            hits("raw", Role::Raw, raw::double()),
            hits("raw, u64 key", Role::Aside, raw::double_by_number()),
            hits(ours::NO_COPIES, Role::Aside, ours::double_without_copies),
        ]
    });
    let scope = ours::cache(KEYS * 2);
    row(table, "fn(u64) -> u64, in a scope", || {
        vec![
            hits_within(
                "ours",
                Role::Ours,
                |all| scope.sync_scope(all),
                ours::double,
            ),
            hits("raw", Role::Raw, raw::double()),
        ]
    });
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    row(table, "async fn(u64) -> u64", || {
        vec![
            awaited("ours", Role::Ours, &runtime, ours::double_later),
            awaited("cached", Role::Peer, &runtime, attribute::double_later),
            awaited(
                "concurrent",
                Role::Peer,
                &runtime,
                attribute::concurrent_double_later,
            ),
            awaited("moka", Role::Peer, &runtime, moka::double_later()),
            others::oxcache_double_later(&runtime),
            awaited("hitbox", Role::Peer, &runtime, others::hitbox_double()),
            hits("raw", Role::Raw, raw::double()),
        ]
    });
}

fn texts(table: &mut Table) {
    row(table, "fn(&str) -> User", || {
        vec![
            hits("ours", Role::Ours, ours::user()),
            hits("cached", Role::Peer, attribute::user()),
            hits("concurrent", Role::Peer, attribute::concurrent_user()),
            hits("memoize", Role::Peer, others::memoized_user()),
            hits("moka", Role::Peer, moka::user()),
            hits("raw", Role::Raw, raw::user()),
        ]
    });
    row(table, "fn(&str) -> Arc<User>", || {
        vec![
            hits("ours", Role::Ours, ours::shared_user()),
            hits("cached", Role::Peer, attribute::shared_user()),
            hits(
                "concurrent",
                Role::Peer,
                attribute::concurrent_shared_user(),
            ),
            hits("moka", Role::Peer, moka::shared_user()),
            hits("raw", Role::Raw, raw::shared_user()),
            hits("raw, bare key", Role::Aside, raw::shared_user_by_text()),
            hits(
                ours::NO_COPIES,
                Role::Aside,
                ours::shared_user_without_copies(),
            ),
        ]
    });
    row(table, "fn(&str, u32) -> Arc<User>", || {
        vec![
            hits("ours", Role::Ours, ours::shared_by_two()),
            hits("cached", Role::Peer, attribute::shared_by_two()),
            hits(
                "concurrent",
                Role::Peer,
                attribute::concurrent_shared_by_two(),
            ),
            hits("moka", Role::Peer, moka::shared_by_two()),
            hits("raw", Role::Raw, raw::shared_by_two()),
        ]
    });
}

fn forms(table: &mut Table) {
    row(table, "method, key of a field", || {
        let tenant = attribute::Tenant { id: 7 };
        let ours = ours::Tenant { id: 7 };
        vec![
            hits("ours", Role::Ours, move |key| ours.double(key as u64)),
            hits("cached", Role::Peer, move |key| tenant.double(key as u64)),
            hits("concurrent", Role::Peer, move |key| {
                tenant.concurrent_double(key as u64)
            }),
            hits("moka", Role::Peer, moka::double_of_tenant()),
            hits("raw", Role::Raw, raw::double()),
        ]
    });
    row(table, "key by a template", || {
        vec![
            hits("ours", Role::Ours, ours::by_template),
            hits("cached", Role::Peer, attribute::by_template),
            hits("moka", Role::Peer, moka::by_template()),
            hits("raw", Role::Raw, raw::by_template()),
        ]
    });
    row(table, "with a tag", || {
        vec![
            hits("ours", Role::Ours, ours::tagged),
            hits("raw", Role::Raw, raw::double()),
        ]
    });
}
