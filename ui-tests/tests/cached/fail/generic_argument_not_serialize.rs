use cachestack::cached;

#[cached]
fn text<T: std::fmt::Display>(value: T) -> String {
    value.to_string()
}

fn main() {}
