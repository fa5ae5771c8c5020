use cachestack::cached;

#[cached(error_ttl = 1)]
fn user(id: u64) -> Result<u64, std::io::Error> {
    Ok(id)
}

fn main() {}
