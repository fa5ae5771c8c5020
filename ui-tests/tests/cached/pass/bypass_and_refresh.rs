use cachestack::cached;

/// `fresh` and `dry` only decide, and are not part of the key.
#[cached(key = "user:{id}", refresh = fresh, bypass = dry || id == 0)]
fn user(id: u64, fresh: bool, dry: bool) -> u64 {
    id
}

/// `fresh` is something to the body too.
#[cached(refresh = fresh)]
async fn other(id: u64, fresh: bool) -> u64 {
    id + u64::from(fresh)
}

pub struct Users {
    dry: bool,
}

impl Users {
    #[cached(skip(self), bypass = self.dry)]
    fn count(&self) -> u64 {
        1
    }
}

#[tokio::test]
async fn works() {
    assert_eq!(user(1, true, false), 1);
    assert_eq!(user::entry(1).peek(), Some(1));
    assert_eq!(other(1, true).await, 2);
    assert_eq!(other::entry(1, true).peek(), Some(2));
    assert_eq!(Users { dry: true }.count(), 1);
}
