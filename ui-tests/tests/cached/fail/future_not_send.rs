use std::rc::Rc;

use cachestack::cached;

async fn later() {}

#[cached]
async fn double(n: u64) -> u64 {
    let shared = Rc::new(n);
    later().await;
    *shared * 2
}

fn spawn<F: Future + Send + 'static>(_: F) {}

fn main() {
    spawn(double(2));
}
