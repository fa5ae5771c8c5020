use cachestack::cached;

pub struct User {
    pub id: u64,
}

type Found = Result<User, std::io::Error>;

#[cached]
fn user(id: u64) -> Found {
    Ok(User { id })
}

fn main() {}
