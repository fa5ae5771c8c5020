use cachestack::cached;

#[cached]
fn double(n: u64) -> impl Future<Output = u64> {
    async move { n * 2 }
}

fn main() {}
