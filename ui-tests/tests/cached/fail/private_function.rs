mod users {
    use cachestack::cached;

    #[cached]
    fn user(id: u64) -> u64 {
        id
    }
}

use users::user;

fn main() {
    user(1);
}
