use cachestack::invalidate;

#[invalidate(key = "user:{id}")]
fn rename(id: u64) -> impl Iterator<Item = u64> {
    0..id
}

fn main() {}
