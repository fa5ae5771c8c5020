//! The store learns of what is read at hand: what it keeps is as good as without.

use cachestack::{Cache, MemoryBackend, cached};

const KEYS: u64 = 20_000;
const ROOM: usize = 400;

#[cached(ttl = 3600, name = "front.evicted")]
fn same(id: u64) -> u64 {
    id
}

/// Numbers that look random, the same ones each time.
struct Drawn(u64);

impl Drawn {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// How often each key is asked for, added up: by Zipf's law.
fn zipf() -> Vec<f64> {
    let mut sum = 0.0;
    let shares = (1..=KEYS).map(|rank| 1.0 / rank as f64);
    let sums = shares.map(|share| {
        sum += share;
        sum
    });
    sums.collect()
}

/// Per cent of the look-ups that hit, where so many copies are at hand.
fn hit_rate(at_hand: usize, scans: bool) -> f64 {
    let memory = MemoryBackend::builder().max_entries(ROOM).at_hand(at_hand);
    let cache = Cache::builder()
        .layer(memory.build().unwrap())
        .build()
        .unwrap();
    let (sums, mut drawn) = (zipf(), Drawn(0x5EED));
    let (mut asked, mut scanned) = (0_u64, 0_u64);
    cache.sync_scope(|| {
        for turn in 0..16_000_u64 {
            let at = drawn.next() as f64 / u64::MAX as f64 * sums[sums.len() - 1];
            same(sums.partition_point(|sum| *sum < at) as u64);
            asked += 1;
            if scans && turn % 4_000 == 0 {
                // Each of them is asked for once and never again.
                for _ in 0..1_000 {
                    scanned += 1;
                    same(KEYS + scanned);
                }
            }
        }
    });
    let computed = cache.blocking().stats().unwrap().computed - scanned;
    100.0 * (asked - computed) as f64 / asked as f64
}

#[test]
fn what_the_store_keeps_is_as_good_as_without_copies() {
    for scans in [false, true] {
        let (without, with) = (hit_rate(0, scans), hit_rate(8_192, scans));
        assert!(without > 40.0, "{without:.2} %");
        assert!(
            (without - with).abs() < 1.0,
            "scans: {scans}; {without:.2} % without, {with:.2} % with"
        );
    }
}
