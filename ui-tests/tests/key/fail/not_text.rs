use cachestack::key;

fn main() {
    let id = 7;
    let _ = key!(id);
}
