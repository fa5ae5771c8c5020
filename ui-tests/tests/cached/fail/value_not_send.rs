use std::rc::Rc;

use cachestack::cached;

#[cached]
fn user(id: u64) -> Rc<String> {
    Rc::new(id.to_string())
}

fn main() {}
