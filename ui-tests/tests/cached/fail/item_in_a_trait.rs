use cachestack::cached;

pub trait Load {
    #[cached]
    fn load(id: u64) -> u64;
}

fn main() {}
