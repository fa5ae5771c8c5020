//! Which key is asked for next: the same sequence for every contender.

use std::sync::LazyLock;

/// How many keys there are, unless a row says otherwise.
pub const KEYS: usize = 4096;

static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| (0..KEYS).map(text).collect());

/// The texts of the keys, 20 bytes each.
pub fn texts() -> &'static [String] {
    &TEXTS
}

/// The text of a key.
pub fn text(key: usize) -> String {
    format!("user:{:015}", key as u64 * 1_000_003)
}

/// A sequence of keys.
pub trait Draw {
    fn next(&mut self) -> usize;
}

/// Each of so many keys as often as the others, by xorshift.
pub struct Uniform {
    state: u64,
    keys: u64,
}

impl Uniform {
    pub fn new(keys: usize, seed: usize) -> Self {
        Self {
            state: 0x9E37_79B9_7F4A_7C15 ^ (seed as u64).wrapping_mul(0xD1B5_4A32_D192_ED03),
            keys: keys as u64,
        }
    }

    fn bits(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}

impl Draw for Uniform {
    #[inline]
    fn next(&mut self) -> usize {
        // The upper half of the product spreads the bits without a division.
        (((self.bits() >> 32) * self.keys) >> 32) as usize
    }
}

/// A sequence drawn beforehand, over and over.
pub struct Trace {
    keys: Vec<u32>,
    at: usize,
}

impl Trace {
    /// The `n`th key in proportion to 1/n.
    pub fn zipf(keys: usize, length: usize, seed: usize) -> Self {
        let mut sums = Vec::with_capacity(keys);
        let mut sum = 0.0;
        for rank in 1..=keys {
            sum += 1.0 / rank as f64;
            sums.push(sum);
        }
        let mut uniform = Uniform::new(keys, seed);
        let drawn = (0..length).map(|_| {
            let point = uniform.bits() as f64 / u64::MAX as f64 * sum;
            sums.partition_point(|sum| *sum < point).min(keys - 1) as u32
        });
        Self {
            keys: drawn.collect(),
            at: 0,
        }
    }
}

impl Draw for Trace {
    #[inline]
    fn next(&mut self) -> usize {
        let key = self.keys[self.at];
        self.at = if self.at + 1 == self.keys.len() {
            0
        } else {
            self.at + 1
        };
        key as usize
    }
}

/// Any of these, asked once for many keys.
pub enum Sequence {
    /// One after the other, from that one on.
    InOrder(usize),
    Uniform(Uniform),
    Trace(Trace),
}

impl Sequence {
    /// Calls it with so many keys.
    #[inline]
    pub fn each(&mut self, count: usize, mut call: impl FnMut(usize)) {
        match self {
            Self::InOrder(next) => {
                let first = *next;
                *next += count;
                (first..*next).for_each(call);
            }
            Self::Uniform(draw) => (0..count).for_each(|_| call(draw.next())),
            Self::Trace(draw) => (0..count).for_each(|_| call(draw.next())),
        }
    }
}
