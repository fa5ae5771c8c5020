use cachestack::{cached, invalidate};

mod users {
    use cachestack::cached;

    #[cached]
    pub fn user(id: u64) -> u64 {
        id
    }
}

#[cached]
fn text<T: serde::Serialize>(id: T) -> u64 {
    let _ = id;
    1
}

#[cached]
fn name(first: &str, last: Option<&str>) -> String {
    format!("{first} {last:?}")
}

#[invalidate(users::user(id), self::users::user, text::<u64>(id), name(&title, Some("x")))]
#[invalidate(crate::invalidate::pass::targets_of_every_kind::users::user(id + 1))]
fn change(id: u64, title: String) -> usize {
    title.into_bytes().len() + id as usize
}

#[test]
fn works() {
    assert_eq!(users::user(1), 1);
    assert_eq!(text(1u64), 1);
    assert_eq!(name("a", None), "a None");
    assert_eq!(change(1, String::new()), 1);
    assert_eq!(users::user::entry(1).peek(), None);
    assert_eq!(text::entry(1u64).peek(), None);
}
