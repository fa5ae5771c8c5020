use cachestack::cached;

#[cached(error_ttl = 1)]
fn parse<E: std::str::FromStr + Send + Sync + 'static>(text: &str) -> Result<u64, E> {
    let _ = text;
    Ok(1)
}

fn main() {}
