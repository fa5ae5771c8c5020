//! What a function is known by in keys.

use cachestack::cached;

use super::{Runs, cache};

mod one {
    #[cachestack::cached]
    pub(super) fn name(id: u64) -> String {
        format!("one {id}")
    }
}

mod two {
    #[cachestack::cached]
    pub(super) fn name(id: u64) -> String {
        format!("two {id}")
    }
}

#[test]
fn functions_of_one_name_in_two_places_do_not_share() {
    fn three() -> String {
        #[cached]
        fn name(id: u64) -> String {
            format!("three {id}")
        }
        name(1)
    }
    fn four() -> String {
        #[cached]
        fn name(id: u64) -> String {
            format!("four {id}")
        }
        name(1)
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            let names = [one::name(1), two::name(1), three(), four()];
            assert_eq!(names, ["one 1", "two 1", "three 1", "four 1"]);
        }
        let entry = one::name::entry(1);
        let path = "functions::identity::one::name(1u64)";
        assert_eq!(entry.key().unwrap(), path);
    });
}

#[test]
fn of_two_functions_with_one_path_the_second_is_not_cached_and_has_no_entries() {
    static FIRST: Runs = Runs::none();
    static SECOND: Runs = Runs::none();

    fn first() -> u64 {
        go(true)
    }
    fn go(first: bool) -> u64 {
        if first {
            #[cached]
            fn twin(id: u64) -> u64 {
                FIRST.one_more();
                id
            }
            twin(1)
        } else {
            #[cached]
            fn twin(id: u64) -> u64 {
                SECOND.one_more();
                id + 1
            }
            assert!(twin::entry(1).blocking().put(7).is_err());
            assert_eq!(twin::entry(1).peek(), None);
            twin(1)
        }
    }

    let cache = cache();
    cache.sync_scope(|| {
        for _ in 0..2 {
            assert_eq!((first(), go(false)), (1, 2));
        }
    });
    assert_eq!((FIRST.count(), SECOND.count()), (1, 2));
    assert_eq!(cache.blocking().stats().unwrap().uncached, 2);
}

struct One;
struct Two;

trait Named {
    fn trait_name(&self) -> &'static str;
    fn name_of(&self) -> String;
}

impl One {
    #[cached(skip(self))]
    fn name_of(&self, id: u64) -> String {
        format!("one's {id}")
    }
}

impl Two {
    #[cached(skip(self))]
    fn name_of(&self, id: u64) -> String {
        format!("two's {id}")
    }
}

#[cached]
impl Named for One {
    fn trait_name(&self) -> &'static str {
        "one"
    }

    #[cached(skip(self), companions = trait_name_of)]
    fn name_of(&self) -> String {
        self.trait_name().to_owned()
    }
}

impl Named for Two {
    fn trait_name(&self) -> &'static str {
        "two"
    }

    #[cached(skip(self), companions = false)]
    fn name_of(&self) -> String {
        self.trait_name().to_owned()
    }
}

#[test]
fn methods_of_one_name_do_not_share_whatever_has_them() {
    fn nested() -> String {
        struct One;
        impl One {
            #[cached(skip(self))]
            fn name_of(&self, id: u64) -> String {
                format!("nested {id}")
            }
        }
        One.name_of(1)
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            let names = [One.name_of(1), Two.name_of(1), nested()];
            assert_eq!(names, ["one's 1", "two's 1", "nested 1"]);
            assert_eq!([Named::name_of(&One), Named::name_of(&Two)], ["one", "two"]);
        }
        let entry = One.name_of_entry(1);
        let path = "functions::identity::One::name_of(1u64)";
        assert_eq!(entry.key().unwrap(), path);
    });
}

#[test]
fn a_function_may_hold_another_of_its_own_name() {
    #[cached]
    fn depth(n: u64) -> u64 {
        #[cached]
        fn depth(n: u64) -> u64 {
            n + 10
        }
        depth(n) + 1
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!(depth(1), 12);
        }
        assert_eq!(depth::entry(1).peek(), Some(12));
    });
}
