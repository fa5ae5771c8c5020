use cachestack::cached;

pub struct NotSend(std::rc::Rc<u64>);

#[cached(share_err = |e: &NotSend| NotSend(e.0.clone()))]
fn user(id: u64) -> Result<u64, NotSend> {
    Ok(id)
}

fn main() {}
