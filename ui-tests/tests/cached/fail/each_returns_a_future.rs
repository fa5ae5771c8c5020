use cachestack::cached;

#[cached(each = ids)]
fn users(ids: Vec<u64>) -> impl Future<Output = Vec<u64>> {
    async move { ids }
}

fn main() {}
