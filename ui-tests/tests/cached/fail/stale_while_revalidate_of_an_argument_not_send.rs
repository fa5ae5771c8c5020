use std::rc::Rc;

use cachestack::cached;

#[cached(ttl = 60, stale_while_revalidate = 30)]
fn user(id: u64, #[cached(skip)] db: Rc<String>) -> u64 {
    id + db.len() as u64
}

fn main() {}
