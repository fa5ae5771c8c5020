use cachestack::cached;

#[cached(skip(bd))]
fn double(n: u64, db: &str) -> u64 {
    n * 2 + db.len() as u64
}

fn main() {}
