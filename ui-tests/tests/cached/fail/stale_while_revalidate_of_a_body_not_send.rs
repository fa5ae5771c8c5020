use std::rc::Rc;

use cachestack::cached;

#[cached(ttl = 60, stale_while_revalidate = 30)]
async fn user(id: u64) -> u64 {
    let id = Rc::new(id);
    std::future::ready(()).await;
    *id
}

fn main() {}
