use cachestack::key;

struct User;

fn main() {
    let user = User;
    let _ = key!("user:{user}");
}
