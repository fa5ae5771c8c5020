use cachestack::cached;

#[cached]
fn double(n: u64) -> impl Future<Output = u64> + Send {
    async move { n.to_string() }
}

fn main() {}
