use cachestack::cached;

pub trait Repo {
    fn find(&self, id: u64) -> u64;
    fn later(&self, id: u64) -> impl Future<Output = Result<u64, String>> + Send;
}

pub struct Users;

impl Repo for Users {
    #[cached(skip(self), companions = false)]
    fn find(&self, id: u64) -> u64 {
        id
    }

    #[cached(skip(self), companions = false, name = "users.later")]
    async fn later(&self, id: u64) -> Result<u64, String> {
        if id == 0 {
            return Err(String::new());
        }
        Ok("1".parse::<u64>().map_err(|error| error.to_string())? + id)
    }
}

#[tokio::test]
async fn works() {
    assert_eq!(Users.find(1), 1);
    assert_eq!(Users.later(1).await, Ok(2));
}
