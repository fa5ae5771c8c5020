use std::rc::Rc;

use cachestack::cached;

#[cached(local)]
fn user(id: u64) -> Rc<u64> {
    Rc::new(id)
}

fn main() {}
