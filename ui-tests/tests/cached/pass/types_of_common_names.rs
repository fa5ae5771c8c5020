#![allow(dead_code)]

use cachestack::cached;

pub struct Vec;
pub struct Some;
pub struct None;
pub struct Ok;
pub struct Err;
pub struct Option;
pub struct Box;
pub struct String;
pub struct Duration;
pub trait Clone {
    fn clone(&self) {}
}
impl<T> Clone for T {}

#[cached(ttl = "1m")]
fn double(n: u64) -> u64 {
    n * 2
}

#[test]
fn works() {
    assert_eq!(double(1), 2);
}
