use cachestack::cached;

#[cached]
fn user(id: u64) -> u64 {
    id
}

#[cached]
fn user(name: &str) -> String {
    name.to_owned()
}

fn main() {}
