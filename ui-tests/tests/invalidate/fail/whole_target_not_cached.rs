use cachestack::invalidate;

fn user(id: u64) -> u64 {
    id
}

#[invalidate(user)]
fn rename(id: u64) -> u64 {
    user(id)
}

fn main() {}
