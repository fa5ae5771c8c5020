use cachestack::invalidate;

#[invalidate(key = "user:{id}")]
fn rename(id: u64) -> Result<(), String> {
    id.to_string()
}

fn main() {}
