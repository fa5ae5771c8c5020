use cachestack::cached;

#[cached(ttl = 60, stale_while_revalidate = 30)]
fn user(id: u64, name: Option<&str>) -> u64 {
    id + name.map_or(0, str::len) as u64
}

fn main() {}
