use std::sync::Arc;

use cachestack::cached;

pub struct User;

#[cached]
fn user(id: u64) -> Arc<User> {
    let _ = id;
    Arc::new(User)
}

fn main() {}
