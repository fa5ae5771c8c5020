use cachestack::cached;

pub struct User;

#[cached(condition = |found: &u64| *found > 5)]
async fn user() -> Result<User, std::io::Error> {
    Ok(User)
}

fn main() {}
