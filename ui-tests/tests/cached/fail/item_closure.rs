use cachestack::cached;

fn main() {
    let double = #[cached] |n: u64| n * 2;
    double(1);
}
