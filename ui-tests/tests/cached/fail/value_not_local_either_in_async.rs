use cachestack::cached;

pub struct User;

#[cached(local)]
async fn user(id: u64) -> Result<User, String> {
    let _ = id;
    Ok(User)
}

fn main() {}
