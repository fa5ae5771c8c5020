use cachestack::cached;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct User<'a> {
    pub name: &'a str,
}

#[cached]
fn user(id: u64) -> User<'static> {
    User { name: if id == 0 { "root" } else { "user" } }
}

fn main() {}
