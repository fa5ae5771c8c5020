use cachestack::cached;

#[cached(share_err = |e: &u64| *e)]
fn user(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
