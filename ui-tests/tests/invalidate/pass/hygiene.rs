#![deny(warnings)]

use cachestack::{cached, invalidate};

#[cached]
fn key(doomed: u64) -> u64 {
    doomed
}

#[cached]
fn cache(tag: u64) -> u64 {
    tag
}

#[invalidate(self::key(doomed), self::cache(tag), key = "{writer}:{__writer}")]
async fn doomed(doomed: u64, tag: u64, writer: u64, __writer: u64, __body: u64) -> u64 {
    doomed + tag + writer + __writer + __body
}

#[tokio::test]
async fn works() {
    assert_eq!(doomed(1, 2, 3, 4, 5).await, 15);
    assert_eq!(key(1) + cache(1), 2);
}
