use cachestack::cached;

#[cached]
fn double(n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

fn main() {
    double::entry(1).blocking().put("two").unwrap();
}
