use cachestack::{cached, invalidate};

pub struct Name(String);

#[cached]
fn user(name: &str) -> usize {
    name.len()
}

#[invalidate(|_| user(&name.0))]
fn rename(name: Name) -> usize {
    name.0.len()
}

fn main() {}
