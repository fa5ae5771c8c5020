use cachestack::cached;

fn is_long(text: &String) -> bool {
    text.len() > 5
}

#[cached(condition = is_long)]
async fn double(n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

fn main() {}
