use std::rc::Rc;

use cachestack::cached;

#[cached]
fn double(n: u64) -> impl Future<Output = u64> + Send {
    async move {
        let held = Rc::new(n);
        std::future::ready(()).await;
        *held * 2
    }
}

fn main() {}
