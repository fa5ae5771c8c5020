use cachestack::cached;

#[derive(Clone)]
pub struct User;

#[cached]
fn user(id: u64) -> impl Future<Output = Result<User, String>> + Send {
    let _ = id;
    async move { Ok(User) }
}

fn main() {}
