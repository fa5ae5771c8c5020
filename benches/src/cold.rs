//! Ten thousand tasks that want one value which nobody has computed yet.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cachestack::cached;
use hitbox::concurrency::BroadcastConcurrencyManager;
use hitbox_fn::Cache as HitboxCache;
use hitbox_moka::MokaBackend;
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

use crate::body::{self, runs};
use crate::measure::{Cell, Contender, Plan, Role, measure};
use crate::table::{Heading, Table, Unit};

const COLD: Heading = Heading {
    name: "cold",
    unit: Unit::Milliseconds,
    about: "ms from the first of 10,000 tasks that is started to the last that has the value (how often the body ran a key); raw is tokio's OnceCell",
};

const CALLERS: usize = 10_000;
const BODY: Duration = Duration::from_millis(20);
const HOUR: Duration = Duration::from_secs(3600);

async fn slow(id: u64) -> u64 {
    tokio::time::sleep(BODY).await;
    body::double(id)
}

#[cached(ttl = 3600)]
async fn by_ours(id: u64) -> u64 {
    slow(id).await
}

#[cached::macros::cached(ttl_secs = 3600, sync_writes = "by_key")]
async fn by_cached(id: u64) -> u64 {
    slow(id).await
}

#[hitbox_fn::cached]
async fn by_hitbox(id: u64) -> u64 {
    slow(id).await
}

/// Adds the rows.
pub fn run(table: &mut Table) {
    let (name, less) = ("wall time", "wall time less the body's own");
    if !table.wants(&COLD, name) && !table.wants(&COLD, less) {
        return;
    }
    let runtime = Runtime::new().expect("a runtime");
    let moka: moka::future::Cache<u64, u64> = moka::future::Cache::builder()
        .max_capacity(10_000)
        .time_to_live(HOUR)
        .build();
    let cells = [
        stampede(table, &runtime, "alone", Role::Aside, 1, slow),
        stampede(table, &runtime, "ours", Role::Ours, CALLERS, by_ours),
        stampede(table, &runtime, "cached", Role::Peer, CALLERS, by_cached),
        stampede(table, &runtime, "moka", Role::Peer, CALLERS, move |id| {
            let moka = moka.clone();
            async move { moka.get_with(id, slow(id)).await }
        }),
        hitbox(table, &runtime),
        raw(table, &runtime),
    ];
    let alone = cells[0].median;
    let above = cells.iter().filter(|cell| cell.role != Role::Aside);
    let above = above.map(|cell| Cell::exact(cell.contender, cell.role, cell.median - alone));
    let above = above.collect();
    table.add(&COLD, name, cells.into());
    table.add(&COLD, less, above);
}

fn hitbox(table: &Table, runtime: &Runtime) -> Cell {
    let one = 1_u8.try_into().expect("one is enough");
    let policy = hitbox::policy::PolicyConfig::builder()
        .ttl(HOUR)
        .concurrency(one);
    let cache = HitboxCache::builder()
        .backend(MokaBackend::builder().max_entries(10_000).build())
        .policy(policy.build())
        .concurrency_manager(Arc::new(BroadcastConcurrencyManager::new()))
        .build();
    stampede(table, runtime, "hitbox", Role::Peer, CALLERS, move |id| {
        let cache = cache.clone();
        async move { by_hitbox(id).cache(&cache).await }
    })
}

fn raw(table: &Table, runtime: &Runtime) -> Cell {
    let cells: Arc<Vec<OnceCell<u64>>> = Arc::new((0..10_000).map(|_| OnceCell::new()).collect());
    stampede(table, runtime, "raw", Role::Raw, CALLERS, move |id| {
        let cells = Arc::clone(&cells);
        async move { *cells[id as usize].get_or_init(|| slow(id)).await }
    })
}

/// So many tasks for a key that is new in each round, on a runtime of as many threads as there are processors. They
/// are not interleaved with others: whatever one leaves behind would be another's to clean up.
fn stampede<F: Future<Output = u64> + Send + 'static>(
    table: &Table,
    runtime: &Runtime,
    name: &'static str,
    role: Role,
    callers: usize,
    call: impl Fn(u64) -> F,
) -> Cell {
    let (mut next, before) = (0, runs());
    let contender = Contender::new(name, role, |operations| {
        let began = Instant::now();
        for _ in 0..operations {
            let calls: Vec<_> = (0..callers).map(|_| runtime.spawn(call(next))).collect();
            runtime.block_on(async {
                for call in calls {
                    assert_eq!(
                        call.await.expect("a caller panicked, as said above"),
                        next * 2
                    );
                }
            });
            next += 1;
        }
        began.elapsed()
    });
    let plan = Plan {
        most: 1,
        ..Plan::short(table.rounds)
    };
    let cell = measure(plan, &mut [contender]).remove(0);
    let each = (runs() - before) as f64 / next as f64;
    cell.noted(format!("{each:.2} runs"))
}
