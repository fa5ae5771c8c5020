use cachestack::cached;

#[cached]
fn zeros<const N: usize>() -> Vec<u64> {
    vec![0; N]
}

fn main() {
    let _ = zeros::entry();
}
