use cachestack::cached;

#[cached(condition = |found: &Result<u64, String>| found.is_ok())]
async fn double(n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

fn main() {}
