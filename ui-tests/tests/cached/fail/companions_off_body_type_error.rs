use cachestack::cached;

pub struct Db;

pub trait Load {
    fn load(&self, id: u64) -> impl Future<Output = Result<u64, String>> + Send;
    fn size(&self) -> u64;
}

impl Load for Db {
    #[cached(skip(self), companions = false)]
    async fn load(&self, id: u64) -> Result<u64, String> {
        Ok(id.to_string())
    }

    #[cached(skip(self), companions = false)]
    fn size(&self) -> u64 {
        "seven"
    }
}

fn main() {}
