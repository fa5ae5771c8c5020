use cachestack::cached;

#[cached]
fn count(n: u64) -> u64 {
    trait Twice: Sized {
        fn twice(self) -> (Self, Self);
    }
    impl Twice for u64 {
        fn twice(self) -> (Self, Self) {
            (self, self)
        }
    }
    struct Node(Option<Box<Self>>);
    let node = Node(None);
    let (a, b) = n.twice();
    a + b + u64::from(node.0.is_some())
}

#[test]
fn works() {
    assert_eq!(count(2), 4);
}
