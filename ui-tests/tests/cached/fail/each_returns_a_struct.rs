use cachestack::cached;

pub struct Both<A, B>(A, B);

#[cached(each = ids)]
async fn users(ids: &[u64]) -> Result<Both<u64, u64>, String> {
    Ok(Both(ids[0], ids[1]))
}

fn main() {}
