//! Tags, whole functions and namespaces are invalidated in every kind of store, by every process on it.
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cachestack::{
    AnyBackend, Cache, Clock, Dependency, EntryOptions, FileBackend, Key, Layer, MemcachedBackend,
    MemoryBackend, PostgresBackend, RedisBackend, ValueType,
};
use cachestack_tests::servers::{Memcached, Postgres, Redis};
use cachestack_tests::{Proxy, eventually};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

static REDIS: LazyLock<Redis> = LazyLock::new(Redis::start);
static POSTGRES: LazyLock<Postgres> = LazyLock::new(Postgres::start);
static MEMCACHED: LazyLock<Memcached> = LazyLock::new(Memcached::start);

/// What operations may take on a machine that runs all of these tests at once.
const PATIENCE: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);

/// A store that outlives the caches on it.
enum Store {
    Files(tempfile::TempDir),
    Redis(String),
    Postgres(String),
    Memcached(String),
}

impl Store {
    fn open(&self, clock: &Clock) -> AnyBackend {
        let clock = clock.clone();
        match self {
            Self::Files(folder) => {
                let builder = FileBackend::builder(folder.path()).clock(clock);
                AnyBackend::new(builder.build().unwrap())
            }
            Self::Redis(space) => redis(&REDIS.dsn(), space, clock),
            Self::Postgres(space) => {
                let builder = PostgresBackend::builder(POSTGRES.dsn()).namespace(space);
                let builder = builder.max_pool_size(2).timeout(PATIENCE).clock(clock);
                AnyBackend::new(builder.connect_timeout(PATIENCE).build().unwrap())
            }
            Self::Memcached(space) => {
                let builder = MemcachedBackend::builder(MEMCACHED.dsn()).namespace(space);
                AnyBackend::new(builder.timeout(PATIENCE).clock(clock).build().unwrap())
            }
        }
    }
}

fn redis(dsn: &str, space: &str, clock: Clock) -> AnyBackend {
    let builder = RedisBackend::builder(dsn).namespace(space).clock(clock);
    AnyBackend::new(builder.timeout(PATIENCE).build().unwrap())
}

async fn within<T>(time: Duration, run: impl Future<Output = T>) -> T {
    tokio::time::timeout(time, run).await.unwrap()
}

/// A namespace that no other test has.
fn own() -> String {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    format!("gen{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// A store, and whether memory stands above it.
struct Kind {
    store: Store,
    memory: bool,
}

impl Kind {
    /// A cache as another process would open it.
    fn process(&self, clock: &Clock) -> Cache {
        let builder = Cache::builder().namespace("shop").clock(clock.clone());
        let builder = match self.memory {
            true => {
                let memory = MemoryBackend::builder().clock(clock.clone());
                builder.layer(memory.build().unwrap())
            }
            false => builder,
        };
        let below = Layer::new(self.store.open(clock)).deadline(2 * PATIENCE);
        builder.layer(below).build().unwrap()
    }

    fn cache(&self) -> Cache {
        self.process(&Clock::system())
    }
}

fn kinds() -> Vec<(&'static str, Kind)> {
    let kind = |name, store, memory| (name, Kind { store, memory });
    let files = || Store::Files(tempfile::tempdir().unwrap());
    vec![
        kind("files", files(), false),
        kind("memory over files", files(), true),
        kind("redis", Store::Redis(own()), false),
        kind("memory over redis", Store::Redis(own()), true),
        kind("memory over postgres", Store::Postgres(own()), true),
        kind("memory over memcached", Store::Memcached(own()), true),
    ]
}

/// Runs something over each kind of store, within a time.
async fn everywhere<F: Future<Output = ()>>(run: impl Fn(&'static str, Kind) -> F) {
    for (name, kind) in kinds() {
        within(6 * PATIENCE, run(name, kind)).await;
    }
}

fn tags<const N: usize>(tags: [&str; N]) -> EntryOptions {
    EntryOptions::new().tags(tags)
}

async fn found(cache: &Cache, keys: &[&str]) -> Vec<Option<u32>> {
    let mut found = Vec::new();
    for key in keys {
        found.push(cache.get::<u32>(key).await.unwrap());
    }
    // Together they are the same.
    assert_eq!(cache.get_many::<u32>(keys).await.unwrap(), found);
    found
}

#[tokio::test]
async fn a_tag_takes_its_entries_and_no_others_here_and_after_a_restart() {
    everywhere(|name, kind| async move {
        let cache = kind.cache();
        cache.set("a", 1_u32, tags(["red"])).await.unwrap();
        cache.set("b", 2_u32, tags(["red", "blue"])).await.unwrap();
        cache.set("c", 3_u32, tags(["blue"])).await.unwrap();
        cache.set("d", 4_u32, None).await.unwrap();
        let keys = ["a", "b", "c", "d"];
        assert_eq!(
            found(&kind.cache(), &keys).await,
            [1, 2, 3, 4].map(Some),
            "{name}"
        );
        cache.invalidate_tag("red").await.unwrap();
        let left = [None, None, Some(3), Some(4)];
        assert_eq!(found(&cache, &keys).await, left, "{name}");
        assert_eq!(found(&kind.cache(), &keys).await, left, "{name}, restarted");
        assert!(!cache.exists("a").await.unwrap() && cache.exists("c").await.unwrap());
        assert_eq!(cache.get_with_ttl::<u32>("a").await.unwrap(), None);
        cache.set("a", 5_u32, tags(["red"])).await.unwrap();
        let restarted = kind.cache();
        restarted.invalidate_tags(["blue", "green"]).await.unwrap();
        let left = [Some(5), None, None, Some(4)];
        assert_eq!(found(&restarted, &keys).await, left, "{name}");
        assert_eq!(found(&kind.cache(), &keys).await, left, "{name}, restarted");
    })
    .await;
}

#[tokio::test]
async fn a_whole_function_is_invalidated_by_its_identity() {
    everywhere(|name, kind| async move {
        let cache = kind.cache();
        let total = [Dependency::function("shop::total")];
        let keys = ["total:1", "total:2"].map(|text| cache.key(text));
        let now = cache.stack().clock().now();
        for key in &keys {
            let entry = cachestack::Entry::new(7_u32, now);
            cache
                .stack()
                .set_depending(key, entry, &total)
                .await
                .unwrap();
        }
        cache.set("other", 1_u32, None).await.unwrap();
        cache
            .stack()
            .invalidate(cache.namespace(), &total)
            .await
            .unwrap();
        let keys = ["total:1", "total:2", "other"];
        let left = [None, None, Some(1)];
        assert_eq!(found(&cache, &keys).await, left, "{name}");
        assert_eq!(found(&kind.cache(), &keys).await, left, "{name}, restarted");
    })
    .await;
}

#[tokio::test]
async fn a_clear_takes_everything_in_its_namespace_in_every_process() {
    everywhere(|name, kind| async move {
        let (cache, other) = (kind.cache(), kind.cache());
        cache.set("a", 1_u32, None).await.unwrap();
        cache.set("b", 2_u32, tags(["red"])).await.unwrap();
        cache.clear().await.unwrap();
        assert_eq!(found(&cache, &["a", "b"]).await, [None, None], "{name}");
        assert_eq!(found(&other, &["a", "b"]).await, [None, None], "{name}");
        cache.set("a", 3_u32, None).await.unwrap();
        assert_eq!(found(&other, &["a"]).await, [Some(3)], "{name}");
    })
    .await;
}

#[tokio::test]
async fn another_process_whose_clock_is_minutes_off_sees_an_invalidation() {
    everywhere(|name, kind| async move {
        let ahead = Clock::manual();
        ahead.advance(5 * MINUTE);
        let (ours, theirs) = (kind.cache(), kind.process(&ahead));
        ours.set("a", 1_u32, tags(["red"])).await.unwrap();
        assert_eq!(found(&theirs, &["a"]).await, [Some(1)], "{name}");
        ours.invalidate_tag("red").await.unwrap();
        // What their memory has is theirs for 30 s.
        ahead.advance(MINUTE / 2);
        assert_eq!(found(&theirs, &["a"]).await, [None], "{name}");
        theirs.set("a", 2_u32, tags(["red"])).await.unwrap();
        assert_eq!(found(&ours, &["a"]).await, [Some(2)], "{name}");
    })
    .await;
}

#[tokio::test]
async fn what_is_computed_while_another_process_invalidates_its_tag_is_nobodys() {
    everywhere(|name, kind| async move {
        let (ours, theirs) = (kind.cache(), kind.cache());
        let computed = ours.get_or_compute("a", tags(["red"]), || async {
            theirs.invalidate_tag("red").await.unwrap();
            1_u32
        });
        assert_eq!(computed.await, 1);
        assert_eq!(found(&theirs, &["a"]).await, [None], "{name}");
        assert_eq!(found(&kind.cache(), &["a"]).await, [None], "{name}");
    })
    .await;
}

#[tokio::test]
async fn what_is_computed_while_this_process_invalidates_its_tag_is_stored_nowhere() {
    everywhere(|name, kind| async move {
        let cache = kind.cache();
        let computed = cache.get_or_compute("a", tags(["red", "blue"]), || async {
            cache.invalidate_tags(["blue"]).await.unwrap();
            1_u32
        });
        assert_eq!(computed.await, 1);
        assert_eq!(found(&cache, &["a"]).await, [None], "{name}");
        let again = cache.get_or_compute("a", tags(["red", "blue"]), || async { 2_u32 });
        assert_eq!(again.await, 2);
        assert_eq!(found(&kind.cache(), &["a"]).await, [Some(2)], "{name}");
    })
    .await;
}

/// Takes the folders of numbers away.
fn lose_files(folder: &Path) -> usize {
    let folders = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap());
    let numbers = folders.filter(|it| it.file_name().to_string_lossy().starts_with("%-"));
    numbers
        .map(|it| std::fs::remove_dir_all(it.path()).unwrap())
        .count()
}

fn lose_in_redis(space: &str) -> usize {
    let script = "local keys = redis.call('KEYS', ARGV[1]) \
                  for _, key in ipairs(keys) do redis.call('DEL', key) end return #keys";
    let pattern = format!("%g:{space}:*");
    let lost = REDIS.command(&["EVAL", script, "0", &pattern]).unwrap();
    let digits: String = lost.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[tokio::test]
async fn numbers_that_a_store_lost_cost_misses_and_bring_nothing_back() {
    everywhere(|name, kind| async move {
        let cache = kind.cache();
        cache.set("a", 1_u32, tags(["red"])).await.unwrap();
        cache.set("b", 2_u32, tags(["red"])).await.unwrap();
        cache.invalidate_tag("red").await.unwrap();
        cache.set("b", 3_u32, tags(["red"])).await.unwrap();
        let lost = match &kind.store {
            Store::Files(folder) => lose_files(folder.path()),
            Store::Redis(space) => lose_in_redis(space),
            // They are kept in the same way.
            Store::Postgres(_) | Store::Memcached(_) => return,
        };
        assert!(lost > 0, "{name}");
        let restarted = kind.cache();
        assert_eq!(found(&restarted, &["a", "b"]).await, [None, None], "{name}");
        let computed = restarted.get_or_compute("a", tags(["red"]), || async { 4_u32 });
        assert_eq!(computed.await, 4);
        assert_eq!(
            found(&kind.cache(), &["a", "b"]).await,
            [Some(4), None],
            "{name}"
        );
    })
    .await;
}

/// How long a server keeps the only number in a space, in seconds, after it was told to keep it for that long.
type Told<'a> = Box<dyn Fn(Option<u64>) -> i64 + 'a>;

fn told_redis(space: &str) -> Told<'_> {
    let script = "local key = redis.call('KEYS', ARGV[1])[1] \
                  if ARGV[2] ~= '' then redis.call('EXPIRE', key, ARGV[2]) end return redis.call('TTL', key)";
    Box::new(move |left| {
        let left = left.map(|left| left.to_string()).unwrap_or_default();
        let words = ["EVAL", script, "0", &format!("%g:{space}:*"), &left];
        let left = REDIS.command(&words).unwrap();
        left.trim().trim_start_matches(':').parse().unwrap()
    })
}

fn told_postgres(space: &str) -> Told<'_> {
    Box::new(move |left| {
        let own = format!("starts_with(namespace, '%g:{space}:')");
        let tell = left.map(|left| {
            format!("UPDATE cachestack SET expires_at = now() + interval '{left} s' WHERE {own};")
        });
        let ask = format!(
            "SELECT extract(epoch FROM expires_at - now())::bigint FROM cachestack WHERE {own}"
        );
        let asking = async move {
            let mut server = PgConnection::connect(&POSTGRES.dsn()).await.unwrap();
            if let Some(tell) = tell {
                let tell = sqlx::raw_sql(AssertSqlSafe(tell));
                tell.execute(&mut server).await.unwrap();
            }
            let asked = sqlx::query_scalar(AssertSqlSafe(ask));
            asked.fetch_one(&mut server).await.unwrap()
        };
        let asked = std::thread::spawn(|| {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            runtime.block_on(asking)
        });
        asked.join().unwrap()
    })
}

#[tokio::test]
async fn a_number_ends_when_nobody_uses_it_and_never_before() {
    within(6 * PATIENCE, async {
        let days = |days: u64| days * 24 * 60 * 60;
        for in_redis in [true, false] {
            let space = own();
            let (store, told) = match in_redis {
                true => (Store::Redis(space.clone()), told_redis(&space)),
                false => (Store::Postgres(space.clone()), told_postgres(&space)),
            };
            let cache = Kind {
                store,
                memory: false,
            }
            .cache();
            cache.set("a", 1_u32, EntryOptions::new()).await.unwrap();
            // Twice as long as an entry is kept without a ttl.
            let whole = i64::try_from(days(2 * 30)).unwrap();
            assert!(told(None) >= whole, "{}", told(None));
            told(Some(days(29)));
            assert_eq!(found(&cache, &["a"]).await, [Some(1)]);
            eventually(|| told(None) >= whole);
            assert_eq!(found(&cache, &["a"]).await, [Some(1)]);
            // Nobody needs what has more than half of its life before it told again.
            told(Some(days(50)));
            assert_eq!(found(&cache, &["a"]).await, [Some(1)]);
            cache.flush().await.unwrap();
            assert!(told(None) < whole);
        }
    })
    .await;
}

/// How many files there are below a folder, whose names begin so.
fn files_below(folder: &Path, begins: &str) -> usize {
    let below = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap());
    let below = below.filter(|it| it.file_name().to_string_lossy().starts_with(begins));
    let count = |it: std::fs::DirEntry| match it.path() {
        path if path.is_dir() => files_below(&path, ""),
        _ => 1,
    };
    below.map(count).sum()
}

#[tokio::test]
async fn a_number_in_files_is_purged_when_nobody_uses_it_and_never_before() {
    within(PATIENCE, async {
        let (clock, folder) = (Clock::manual(), tempfile::tempdir().unwrap());
        let path = folder.path().to_owned();
        let (store, memory) = (Store::Files(folder), false);
        let cache = Kind { store, memory }.process(&clock);
        let day = 24 * 60 * MINUTE;
        cache.set("a", 1_u32, EntryOptions::new()).await.unwrap();
        for _ in 0..6 {
            clock.advance(29 * day);
            cache.purge_expired().await.unwrap();
            assert_eq!(found(&cache, &["a"]).await, [Some(1)]);
            cache.set("a", 1_u32, EntryOptions::new()).await.unwrap();
        }
        assert_eq!(files_below(&path, "%-"), 1);
        clock.advance(69 * day);
        cache.purge_expired().await.unwrap();
        assert_eq!(files_below(&path, ""), 0);
    })
    .await;
}

#[tokio::test]
async fn a_look_up_below_memory_is_one_round_trip_with_all_numbers() {
    within(6 * PATIENCE, async {
        let (proxy, space) = (Proxy::to(REDIS.addr()), own());
        let dsn = format!("redis://{}", proxy.addr());
        let open = || {
            let below = redis(&dsn, &space, Clock::system());
            let builder = Cache::builder().layer(MemoryBackend::default());
            builder.layer(below).build().unwrap()
        };
        let writer = open();
        writer.set("a", 1_u32, tags(["red", "blue"])).await.unwrap();
        let reader = open();
        // Connects.
        assert!(!reader.exists("nothing").await.unwrap());
        proxy.reset();
        let unused = || async { unreachable!("it is there") };
        let got: u32 = reader
            .get_or_compute("a", tags(["red", "blue"]), unused)
            .await;
        assert_eq!((got, proxy.turns()), (1, 1));
        proxy.reset();
        reader.invalidate_tags(["red", "blue"]).await.unwrap();
        assert_eq!(proxy.turns(), 1, "an invalidation of two tags");
        let looked_up: Option<u32> = reader.get("a").await.unwrap();
        assert_eq!(looked_up, None);
        proxy.reset();
        // The look-up, and the store: the numbers are there already.
        let computed = reader.get_or_compute("a", tags(["red"]), || async { 2_u32 });
        assert_eq!((computed.await, proxy.turns()), (2, 2));
        proxy.reset();
        // The look-up, a number for a tag that is new, and the store.
        let computed = reader.get_or_compute("n", tags(["new"]), || async { 3_u32 });
        assert_eq!((computed.await, proxy.turns()), (3, 3));
    })
    .await;
}

#[tokio::test]
async fn a_backends_own_namespace_stands_in_front_of_numbers_too() {
    within(6 * PATIENCE, async {
        let spaces = [own(), own()];
        let caches = spaces.each_ref().map(|space| {
            let below = redis(&REDIS.dsn(), space, Clock::system());
            Cache::builder().layer(below).build().unwrap()
        });
        for cache in &caches {
            cache.set("a", 1_u32, tags(["red"])).await.unwrap();
        }
        caches[0].invalidate_tag("red").await.unwrap();
        assert_eq!(found(&caches[0], &["a"]).await, [None]);
        assert_eq!(found(&caches[1], &["a"]).await, [Some(1)]);
        let key = Key::new(caches[1].namespace(), "a");
        let wanted = [(key, ValueType::of::<u32>())];
        let stack = caches[1].stack();
        let many = cachestack::Backend::get_many(stack, &wanted).await.unwrap();
        assert!(many[0].is_hit());
    })
    .await;
}
