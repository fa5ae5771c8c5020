use cachestack::invalidate;

#[invalidate(key = "user:{name}")]
fn rename(name: String) -> usize {
    drop(name);
    name.len()
}

fn main() {}
