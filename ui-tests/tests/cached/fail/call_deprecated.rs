#![deny(deprecated)]

use cachestack::cached;

#[cached]
#[deprecated = "use `answer2`"]
fn answer() -> u64 {
    42
}

fn main() {
    answer();
}
