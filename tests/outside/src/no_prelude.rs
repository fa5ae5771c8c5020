//! Where nothing is in scope by itself.
#![no_implicit_prelude]

use ::my_cache::{cached, invalidate};
use ::std::option::Option::{self, Some};
use ::std::result::Result::{self, Ok};
use ::std::string::String;

/// Named as others are.
#[::std::prelude::rust_2021::derive(::std::clone::Clone, ::serde::Serialize, ::serde::Deserialize)]
pub struct Vec(pub u64);

/// Finds.
#[must_use]
#[cached(crate = ::my_cache, ttl = 60, key = "none:{id}", tags = ["none"])]
pub fn find(id: u64) -> Option<Vec> {
    Some(Vec(id))
}

/// Asks.
///
/// # Errors
/// Never.
#[cached(crate = ::my_cache, error_ttl = 1, none_ttl = 1, bypass = id == 0)]
pub async fn ask(id: u64) -> Result<Option<Vec>, String> {
    Ok(find(id))
}

/// Forgets.
#[invalidate(crate = ::my_cache, find(id), |it| find(*it), keys = ["none:{id}"], tags = ["none"])]
pub fn forget(id: u64) -> u64 {
    id
}

#[test]
fn works() {
    ::std::assert!(find(1).is_some());
    ::std::assert_eq!(forget(1), 1);
    ::std::assert!(find::entry(1).peek().is_none());
    ::std::mem::drop(ask(1));
}
