use cachestack::cached;

pub trait Load {
    fn load(&self, id: u64) -> u64;
}

#[cached]
impl Load for Vec<u8> {
    #[cached(skip(self))]
    fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
