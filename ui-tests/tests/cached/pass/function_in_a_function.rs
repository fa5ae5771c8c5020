use cachestack::cached;

struct Local(u64);

impl Local {
    fn get(&self) -> u64 {
        #[cached]
        fn get(n: u64) -> u64 {
            n
        }
        get(self.0)
    }
}

#[test]
fn works() {
    #[cached]
    fn double(n: u64) -> u64 {
        #[cached]
        fn half(n: u64) -> u64 {
            n / 2
        }
        half(n) * 4
    }

    assert_eq!(double(2), 4);
    assert_eq!(double::entry(2).peek(), Some(4));
    assert_eq!(Local(7).get(), 7);
}
