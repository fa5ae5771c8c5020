use cachestack::cached;

pub struct User {
    pub id: u64,
    pub tags: Vec<String>,
}

#[cached(key = "user:{user.id}:{user.tags.len()}:{lang.to_uppercase()}:{LIMIT}")]
fn profile(user: &User, lang: &str) -> String {
    format!("{}{lang}", user.id)
}

const LIMIT: u8 = 10;

#[test]
fn works() {
    let user = User {
        id: 7,
        tags: vec![],
    };
    assert_eq!(profile::entry(&user, "en").key().unwrap(), "user:7:0:EN:10");
}
