use cachestack::cached;

#[cached(share_err = |e: &String| e.clone())]
fn user(id: u64) -> u64 {
    id
}

fn main() {}
