use std::collections::HashMap;
use std::sync::Arc;

use cachestack::cached;
use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
pub struct User<T> {
    id: T,
}

#[cached]
fn nothing(n: u64) {
    let _ = n;
}

#[cached]
async fn nothing_later() {}

#[cached]
#[allow(clippy::unused_unit)]
fn unit(n: u64) -> () {
    let _ = n;
}

#[cached]
fn option(n: u64) -> Option<u64> {
    Some(n)
}

#[cached]
fn generic(n: u64) -> User<Vec<u64>> {
    User { id: vec![n] }
}

#[cached]
fn shared(n: u64) -> Box<[HashMap<u64, User<u64>>]> {
    Box::new([HashMap::from([(n, User { id: n })])])
}

#[cached]
fn tuple(n: u64) -> (u64, [u8; 4]) {
    (n, [0; 4])
}

#[cached]
fn error_without_clone(n: u64) -> Result<u64, std::io::Error> {
    Ok(n)
}

#[cached]
fn parenthesized(n: u64) -> Option<(u64, Option<()>)> {
    Some((n, None))
}

#[tokio::test]
async fn works() {
    nothing(1);
    nothing_later().await;
    unit(1);
    option(1);
    assert_eq!(generic(1).id, [1]);
    assert_eq!(shared(1)[0][&1].id, 1);
    tuple(1);
    error_without_clone(1).unwrap();
    parenthesized(1);
    drop(Arc::new(1));
}
