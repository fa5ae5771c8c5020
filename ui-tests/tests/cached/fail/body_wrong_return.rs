use cachestack::cached;

#[cached]
async fn double(n: u64) -> u64 {
    if n == 0 {
        return "zero";
    }
    n.to_string()
}

fn main() {}
