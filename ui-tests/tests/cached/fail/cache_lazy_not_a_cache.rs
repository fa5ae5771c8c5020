use std::sync::LazyLock;

use cachestack::cached;

static CACHE: LazyLock<Vec<u8>> = LazyLock::new(Vec::new);

#[cached(cache = CACHE)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
