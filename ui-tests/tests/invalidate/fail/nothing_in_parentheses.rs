use cachestack::invalidate;

#[invalidate()]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
