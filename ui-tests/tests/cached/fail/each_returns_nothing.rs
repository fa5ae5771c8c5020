use cachestack::cached;

#[cached(each = ids)]
fn touch(ids: &[u64]) {
    let _ = ids;
}

fn main() {}
