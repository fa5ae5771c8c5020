use cachestack::key;

fn main() {
    let id = 7;
    let _ = key!("user:{user_id}");
    let _ = id;
}
