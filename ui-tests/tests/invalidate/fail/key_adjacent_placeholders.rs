use cachestack::invalidate;

#[invalidate(key = "user:{id}{lang}")]
fn rename(id: u64, lang: &str) -> u64 {
    id + lang.len() as u64
}

fn main() {}
