use cachestack::cached;

#[cached(skip(db))]
fn answer() -> u64 {
    42
}

fn main() {}
