use cachestack::cached;

#[cached]
fn double(n: u64, #[cached] db: &str) -> u64 {
    n * 2 + db.len() as u64
}

fn main() {}
