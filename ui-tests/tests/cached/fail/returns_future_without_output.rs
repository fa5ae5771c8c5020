use cachestack::cached;

#[cached]
fn name(id: u64) -> impl Future {
    async move { id }
}

fn main() {}
