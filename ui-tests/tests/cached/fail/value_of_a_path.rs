use cachestack::cached;

#[cached]
async fn open(path: &str) -> std::io::Result<std::fs::File> {
    std::fs::File::open(path)
}

fn main() {}
