use std::sync::Arc;

use cachestack::cached;

pub struct Db;

impl Db {
    #[cached]
    pub async fn load(self: Arc<Self>, id: u64) -> u64 {
        id
    }
}

fn main() {}
