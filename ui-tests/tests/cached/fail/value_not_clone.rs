use cachestack::cached;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct User {
    pub id: u64,
}

#[cached]
async fn user(id: u64) -> Result<User, String> {
    Ok(User { id })
}

fn main() {}
