use cachestack::key;

fn main() {
    let (a, b) = (1, 23);
    let _ = key!("sum:{a:raw}:{b}");
}
