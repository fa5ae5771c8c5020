#![deny(warnings)]

use cachestack::cached;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
struct User {
    id: u64,
}

#[cached]
fn user(like: &User) -> User {
    User { id: like.id }
}

#[test]
fn works() {
    assert_eq!(user(&User { id: 7 }).id, 7);
}
