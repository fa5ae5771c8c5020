use cachestack::cached;

#[cached(name = "users.get")]
fn user(id: u64) -> u64 {
    id
}

pub struct Repo<T>(T);

impl<T> Repo<T> {
    #[cached(name = "repo.size", skip(self))]
    fn size(&self) -> usize {
        std::mem::size_of::<T>()
    }
}

#[test]
fn works() {
    assert_eq!(user(1), 1);
    assert_eq!(user::entry(1).key().unwrap(), "users.get(1u64)");
    assert_eq!((Repo(1u8).size(), Repo(1u16).size()), (1, 2));
}
