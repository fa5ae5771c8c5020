use cachestack::cached;

pub trait Sum {
    fn sum_of(&self, plus: u64) -> u64;
}

#[cached(companions = SumEntries)]
impl Sum for Vec<u64> {
    #[cached(key_self)]
    fn sum_of(&self, plus: u64) -> u64 {
        self.iter().sum::<u64>() + plus
    }
}

/// Of everything.
#[cached(companions = ShownEntries)]
impl<T: std::fmt::Display> Shown for T {
    #[cached(key = "shown:{self}")]
    fn shown(&self) -> String {
        self.to_string()
    }
}

pub trait Shown {
    fn shown(&self) -> String;
}

#[test]
fn works() {
    assert_eq!(vec![1, 2].sum_of(1), 4);
    assert_eq!(vec![1, 2].sum_of_entry(1).peek(), Some(4));
    assert_eq!(5.shown(), "5");
    assert_eq!(5.shown_entry().peek().as_deref(), Some("5"));
}
