//! A crate that denies what it can.
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    missing_copy_implementations,
    unused_qualifications,
    unused_results,
    unused_lifetimes,
    unused_import_braces,
    single_use_lifetimes,
    explicit_outlives_requirements,
    trivial_casts,
    trivial_numeric_casts,
    let_underscore_drop,
    unit_bindings,
    variant_size_differences,
    unnameable_types,
    unsafe_code,
    rust_2018_idioms,
    nonstandard_style
)]

use cachestack::{cached, invalidate};

/// Doubles.
#[cached(ttl = 60)]
pub fn double(n: u64) -> u64 {
    n * 2
}

/// Triples.
///
/// # Errors
/// Never.
#[cached(key = "triple:{n}", condition = |n| *n > 1, skip(text))]
pub async fn triple(n: u64, text: &str) -> Result<u64, String> {
    Ok(n * 3 + text.len() as u64)
}

/// Forgets.
///
/// # Errors
/// Never.
#[invalidate(double(n), key = "triple:{n}")]
pub async fn forget(n: u64) -> Result<(), String> {
    Ok(())
}

#[test]
fn works() {
    assert_eq!(double(1), 2);
    drop(triple(1, ""));
    drop(forget(1));
}
