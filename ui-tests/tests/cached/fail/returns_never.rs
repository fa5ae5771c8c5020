use cachestack::cached;

#[cached]
fn never(n: u64) -> ! {
    panic!("{n}")
}

fn main() {}
