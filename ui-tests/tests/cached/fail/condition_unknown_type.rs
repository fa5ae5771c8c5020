use cachestack::cached;

#[cached(condition = Resul::is_ok)]
async fn double(n: u64) -> u64 {
    n * 2
}

fn main() {}
