use cachestack::invalidate;

#[invalidate(key = "user:{id}")]
async fn rename(id: u64) -> u64 {
    let twice = id * ;
    twice
}

fn main() {}
