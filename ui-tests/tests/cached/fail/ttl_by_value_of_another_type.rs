use cachestack::cached;

#[cached(ttl = |user: &String| std::time::Duration::from_secs(user.len() as u64))]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
