use cachestack::cached;

#[cached]
fn double(n: u64) -> u64 {
    let outer;
    {
        let inner = n;
        outer = &inner;
    }
    *outer
}

fn main() {}
