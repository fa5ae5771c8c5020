use cachestack::{cached, invalidate};

#[cached]
fn user(name: &str) -> usize {
    name.len()
}

#[invalidate(|_| user(&name))]
fn rename(name: String) -> String {
    name
}

fn main() {}
