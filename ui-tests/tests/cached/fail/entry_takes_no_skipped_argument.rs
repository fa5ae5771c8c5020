use cachestack::cached;

#[cached]
fn double(n: u64, #[cached(skip)] db: &str) -> u64 {
    n * 2 + db.len() as u64
}

fn main() {
    let _ = double::entry(1, "db");
}
