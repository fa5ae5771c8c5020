use cachestack::cached;

#[cached]
pub trait Shown {
    #[cached(skip(self))]
    fn shown(&self) -> String {
        String::new()
    }
}

fn main() {}
