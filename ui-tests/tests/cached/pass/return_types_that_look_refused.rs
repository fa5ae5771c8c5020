use cachestack::cached;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct Future {
    due: u64,
}

const WIDTH: usize = 7;

#[cached]
fn contract(due: u64) -> Option<Future> {
    Some(Future { due })
}

#[cached]
fn bits(n: u8) -> [u8; WIDTH & 3] {
    [n; WIDTH & 3]
}

#[test]
fn works() {
    assert_eq!(contract(1).map(|it| it.due), Some(1));
    assert_eq!(bits(1), [1; 3]);
}
