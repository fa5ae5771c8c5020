use cachestack::invalidate;

#[invalidate(users)]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
