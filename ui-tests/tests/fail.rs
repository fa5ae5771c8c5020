//! What must not compile: one condition a file, with the compiler's words beside it.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test -p cachestack-ui-tests --test fail`, and read
//! the difference.

#[test]
fn the_compiler_says_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/*/fail/*.rs");
}
