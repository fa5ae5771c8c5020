#![deny(warnings)]
#![no_implicit_prelude]

use ::cachestack::{cached, invalidate, key};
use ::std::prelude::v1::test;

#[cached(ttl = 60, key = "user:{id}", condition = |id| *id > 0, version = 1)]
fn user(id: u64) -> u64 {
    id
}

#[cached(ttl = "1m", skip(_lang))]
async fn later(id: u64, _lang: &str) -> ::std::result::Result<u64, ::std::string::String> {
    ::std::result::Result::Ok(id)
}

#[invalidate(user(id), later(id), key = "user:{id}")]
fn rename(id: u64) {
    ::std::assert_eq!(&*key!("user:{id}"), "user:1");
}

#[test]
fn works() {
    user(1);
    rename(1);
    ::std::mem::drop(later(1, "en"));
}
