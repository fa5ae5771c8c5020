use cachestack::key;

fn main() {
    let a = 1;
    let _ = key!("sum:{a");
}
