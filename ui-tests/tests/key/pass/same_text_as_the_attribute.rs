use cachestack::{cached, key};

#[cached(key = "user:{name}:{id}")]
fn user(name: &str, id: u64) -> u64 {
    name.len() as u64 + id
}

#[test]
fn works() {
    let (name, id) = ("a:b%", 7);
    assert_eq!(
        &*key!("user:{name}:{id}"),
        user::entry(name, id).key().unwrap()
    );
}
