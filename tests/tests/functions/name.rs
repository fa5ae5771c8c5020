//! `name = ...`.

use cachestack::cached;

use super::{Runs, cache};

#[test]
fn a_name_stands_in_keys_in_the_place_of_the_path() {
    #[cached(name = "users.get")]
    fn user(id: u64) -> u64 {
        id
    }
    #[cached(name = "users.first", version = 2)]
    async fn first() -> u64 {
        1
    }

    cache().sync_scope(|| {
        assert_eq!(user::entry(1).key().unwrap(), "users.get(1u64)");
        assert!(first::entry().key().unwrap().starts_with("users.first@2"));
        assert_eq!(user(1), 1);
        assert_eq!(futures_executor::block_on(first()), 1);
        assert_eq!(user::entry(1).peek(), Some(1));
    });
}

#[test]
fn instances_of_a_generic_function_or_type_stay_apart() {
    struct Of<T>(T);

    impl<T> Of<T> {
        #[cached(name = "of.size", skip(self))]
        fn size(&self) -> usize {
            std::mem::size_of::<T>()
        }
    }

    #[cached(name = "size.of")]
    fn size<T>() -> usize {
        std::mem::size_of::<T>()
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!((Of(1u8).size(), Of(1u16).size()), (1, 2));
            assert_eq!((size::<u8>(), size::<u16>()), (1, 2));
        }
        assert!(Of(1u8).size_entry().key().unwrap().starts_with("of.size"));
    });
}

#[test]
fn of_two_functions_with_one_name_the_second_is_not_cached() {
    static RUNS: Runs = Runs::none();

    #[cached(name = "taken.twice")]
    fn first() -> u64 {
        1
    }
    #[cached(name = "taken.twice")]
    fn second() -> u64 {
        RUNS.one_more();
        2
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!((first(), second()), (1, 2));
        }
        assert_eq!(RUNS.count(), 2);
        assert!(second::entry().key().is_err());
    });
}
