use cachestack::cached;

#[cached]
fn name(id: u64) -> impl Future<Output = &'static str> + Send {
    async move { if id == 1 { "one" } else { "many" } }
}

fn main() {}
