use cachestack::cached;

#[cached]
fn same<T: serde::Serialize>(value: T) -> T {
    value
}

fn main() {}
