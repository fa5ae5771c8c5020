use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double("two");
}
