use cachestack::cached;

#[cached]
fn next(counter: &mut u64) -> u64 {
    *counter += 1;
    *counter
}

fn main() {}
