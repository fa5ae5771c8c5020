use cachestack::cached;

#[cached(companions = user_cache)]
fn user(id: u64) -> u64 {
    id
}

fn main() {
    let _ = user::entry(1);
}
