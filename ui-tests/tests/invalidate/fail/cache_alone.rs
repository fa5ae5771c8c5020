use cachestack::invalidate;

#[invalidate(cache = "sessions")]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
