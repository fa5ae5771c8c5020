use cachestack::cached;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct Result<T>(pub T);

#[cached]
fn double(n: u64) -> Result<u64> {
    Result(n * 2)
}

fn main() {}
