use cachestack::cached;

#[cached(key = "{self.tenant}:{id}")]
fn load(id: u64) -> u64 {
    id
}

fn main() {}
