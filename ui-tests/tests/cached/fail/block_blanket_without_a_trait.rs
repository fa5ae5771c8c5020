use cachestack::cached;

pub trait Shown {
    fn shown(&self) -> String;
}

#[cached]
impl<T: std::fmt::Display> Shown for T {
    #[cached(key = "shown:{self}")]
    fn shown(&self) -> String {
        self.to_string()
    }
}

fn main() {}
