use cachestack::{cached, invalidate};

#[cached]
fn size<T>() -> usize {
    std::mem::size_of::<T>()
}

#[invalidate(size::<u8>)]
fn change() {}

fn main() {}
