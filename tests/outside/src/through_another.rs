//! The library as another crate hands it on.

use through::cachestack::{cached, invalidate};

/// Doubles.
#[must_use]
#[cached(crate = through::cachestack, ttl = 60)]
pub fn double(n: u64) -> u64 {
    n * 2
}

/// Forgets.
#[invalidate(crate = through::cachestack, double(n), key = "double:{n}")]
pub fn forget(n: u64) {}

#[test]
fn works() {
    assert_eq!(double(1), 2);
    forget(1);
    assert_eq!(double::entry(1).peek(), None);
}
