use cachestack::invalidate;

mod users {
    use cachestack::cached;

    #[cached]
    fn user(id: u64) -> u64 {
        id
    }
}

#[invalidate(users::user(id))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}
