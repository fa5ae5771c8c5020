use cachestack::{cached, invalidate};

mod users {
    #[cachestack::cached]
    pub fn by_name(name: &str, limit: Option<u64>) -> u64 {
        name.len() as u64 + limit.unwrap_or(0)
    }
}

#[cached]
fn by_id(id: u64) -> u64 {
    id
}

#[cached(key = "profile:{id}")]
fn profile(id: u64) -> u64 {
    id
}

#[invalidate(by_id(id), users::by_name(&name, Some(1)), by_id(id + 1), key = "profile:{id}", key = "x:{id}")]
fn rename(id: u64, name: String) -> Result<(), String> {
    drop(name);
    Ok(())
}

#[test]
fn works() {
    by_id(1);
    by_id(2);
    profile(1);
    users::by_name("a", Some(1));
    rename(1, "a".into()).unwrap();
    assert_eq!(by_id::entry(1).peek(), None);
    assert_eq!(by_id::entry(2).peek(), None);
    assert_eq!(profile::entry(1).peek(), None);
    assert_eq!(users::by_name::entry("a", Some(1)).peek(), None);
}
