use cachestack::cached;

#[cached]
fn area(width: u64) -> u64 {
    struct Square(u64);
    impl Square {
        fn new(side: u64) -> Self {
            Self(side)
        }
        fn area(&self) -> u64 {
            self.0 * self.0
        }
    }
    const NONE: u64 = 0;
    macro_rules! plus {
        ($a:expr, $b:expr) => {
            $a + $b
        };
    }
    plus!(Square::new(width).area(), NONE)
}

#[test]
fn works() {
    assert_eq!(area(3), 9);
}
