use std::fmt::Display;

use cachestack::cached;
use serde::Serialize;

pub struct Repo<T, const N: usize>(T);

impl<T: Display + Serialize, const N: usize> Repo<T, N>
where
    T: Send,
{
    #[cached(key = "repo:{self.0}:{id}")]
    fn find<K>(&self, id: K) -> String
    where
        K: Display + Send,
    {
        format!("{} {id} {N}", self.0)
    }

    #[cached]
    fn size() -> usize {
        let _ = std::mem::size_of::<Self>();
        N
    }
}

#[test]
fn works() {
    assert_eq!(Repo::<_, 1>("a").find(1), "a 1 1");
    assert_eq!(Repo::<_, 2>("a").find(1), "a 1 2");
    assert_eq!(Repo::<u8, 1>::size(), 1);
    assert_eq!(Repo::<u8, 2>::size(), 2);
}
