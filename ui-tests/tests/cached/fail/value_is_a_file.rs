use cachestack::cached;

#[cached(ttl = 60)]
fn open(path: &str) -> std::io::Result<std::fs::File> {
    std::fs::File::open(path)
}

fn main() {}
