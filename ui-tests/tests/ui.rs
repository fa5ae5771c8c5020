//! Runs every case: `<macro>/pass/*.rs` must compile and run, `<macro>/fail/*.rs` must fail with the message
//! beside it.

#[test]
fn the_compiler_says_what_to_write() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/*/pass/*.rs");
    cases.compile_fail("tests/*/fail/*.rs");
}
