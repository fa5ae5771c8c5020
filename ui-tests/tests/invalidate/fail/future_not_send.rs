use std::rc::Rc;

use cachestack::invalidate;

async fn later() {}

#[invalidate(key = "user:{id}")]
async fn rename(id: u64) -> u64 {
    let shared = Rc::new(id);
    later().await;
    *shared
}

fn spawn<F: Future + Send + 'static>(_: F) {}

fn main() {
    spawn(rename(2));
}
