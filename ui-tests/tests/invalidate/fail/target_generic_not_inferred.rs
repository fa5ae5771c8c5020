use cachestack::{cached, invalidate};

#[cached]
fn size<T>() -> usize {
    std::mem::size_of::<T>()
}

#[invalidate(size())]
fn change() {}

fn main() {}
