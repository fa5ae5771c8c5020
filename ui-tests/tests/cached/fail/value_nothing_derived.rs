use cachestack::cached;

pub struct User {
    pub id: u64,
}

#[cached]
async fn users(count: u64) -> Result<Vec<User>, std::io::Error> {
    Ok((0..count).map(|id| User { id }).collect())
}

fn main() {}
