use cachestack::{Cache, cached};

pub struct App {
    cache: Cache,
}

#[cached(cache = app.cache)]
fn double(n: u64, #[cached(skip)] app: &App) -> u64 {
    let _ = app;
    n * 2
}

fn main() {}
