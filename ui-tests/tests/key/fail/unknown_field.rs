use cachestack::key;

struct User {
    id: u64,
}

fn main() {
    let user = User { id: 7 };
    let _ = key!("user:{user.name}");
    let _ = user.id;
}
