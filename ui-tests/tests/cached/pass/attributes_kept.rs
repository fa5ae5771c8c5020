#![deny(warnings)]

use cachestack::cached;

/// Documented.
#[cached]
#[must_use]
#[inline]
#[allow(unused_variables, clippy::needless_return)]
fn double(n: u64, unused: u64) -> u64 {
    return n * 2;
}

#[must_use]
#[allow(unused_mut)]
#[cached(ttl = 60)]
async fn triple(mut n: u64) -> u64 {
    n * 3
}

#[cached]
#[cfg_attr(all(), allow(unused_variables))]
fn conditional(unused: u64) -> u64 {
    1
}

#[cached]
#[expect(unused_variables, reason = "this is the condition of the case")]
fn expected(unused: u64) -> u64 {
    1
}

#[tokio::test]
async fn works() {
    assert_eq!(double(1, 2), 2);
    assert_eq!(triple(1).await, 3);
    assert_eq!(conditional(1) + expected(1), 2);
}
