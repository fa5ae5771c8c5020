use cachestack::cached;

#[cached]
fn text(value: impl std::fmt::Display) -> String {
    value.to_string()
}

fn main() {}
