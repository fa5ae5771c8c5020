#![deny(unfulfilled_lint_expectations)]

use cachestack::cached;

#[cached]
#[expect(unused_variables, reason = "`id` is used")]
fn answer(id: u64) -> u64 {
    id
}

fn main() {}
