use cachestack::cached;

#[cached]
fn text<T: serde::Serialize + std::fmt::Display>(value: T) -> String {
    value.to_string()
}

fn main() {}
