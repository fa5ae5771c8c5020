use cachestack::cached;

pub struct Db;

pub trait Load {
    fn load(&self, id: u64) -> impl Future<Output = Result<u64, String>> + Send;
}

#[cached]
impl Load for Db {
    #[cached(skip(self))]
    async fn load(&self, id: u64) -> Result<u64, String> {
        id
    }
}

fn main() {}
