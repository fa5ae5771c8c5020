use cachestack::invalidate;

#[invalidate(user(id))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
