use cachestack::cached;

#[cached(error_ttl = "soon")]
fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
