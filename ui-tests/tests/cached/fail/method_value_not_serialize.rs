use cachestack::cached;

#[derive(Clone)]
pub struct User;

pub struct Db;

impl Db {
    #[cached(skip(self))]
    pub async fn load(&self, id: u64) -> Result<User, String> {
        let _ = id;
        Ok(User)
    }
}

fn main() {}
