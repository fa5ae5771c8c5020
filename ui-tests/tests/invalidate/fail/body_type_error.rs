use cachestack::invalidate;

#[invalidate(key = "user:{id}")]
async fn rename(id: u64) -> u64 {
    let text: String = id;
    text.len() as u64
}

fn main() {}
