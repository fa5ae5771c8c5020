mod users {
    use cachestack::cached;

    #[cached]
    pub fn public(n: u64) -> u64 {
        private(n)
    }

    #[cached]
    pub(crate) fn in_crate(n: u64) -> u64 {
        n
    }

    #[cached]
    pub(super) async fn in_parent(n: u64) -> u64 {
        n
    }

    #[cached]
    pub(super) fn in_path(n: u64) -> u64 {
        n
    }

    #[cached]
    fn private(n: u64) -> u64 {
        in_path(n)
    }

    pub(crate) mod inner {
        #[cachestack::cached]
        pub fn deep(n: u64) -> u64 {
            n
        }
    }
}

use users::in_crate as renamed;
use users::inner::*;

#[test]
fn works() {
    assert_eq!(users::public(1) + renamed(1) + deep(1), 3);
    assert_eq!(users::public::entry(1).peek(), Some(1));
    assert_eq!(renamed::entry(1).peek(), Some(1));
    assert_eq!(deep::entry(1).peek(), Some(1));
    drop(users::in_parent(1));
}
