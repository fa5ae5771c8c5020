#![deny(unused_must_use)]

use cachestack::cached;

#[cached]
#[must_use = "it is the answer"]
fn answer() -> u64 {
    42
}

#[cached]
async fn later() -> u64 {
    42
}

fn main() {
    answer();
    later();
}
