//! `version = N`.

use cachestack::cached;

use super::cache;

#[test]
fn a_version_separates_old_values_from_new_ones() {
    mod before {
        #[cachestack::cached(key = "user:{id}", version = 1)]
        pub(super) fn user(id: u64) -> u64 {
            id
        }
    }
    mod after {
        #[cachestack::cached(key = "user:{id}", version = 2)]
        pub(super) fn user(id: u64) -> u64 {
            id + 1
        }
    }
    #[cached(version = 3)]
    fn plain(id: u64) -> u64 {
        id
    }

    cache().sync_scope(|| {
        assert_eq!((before::user(1), after::user(1)), (1, 2));
        assert_eq!((before::user(1), after::user(1)), (1, 2));
        let (before, after) = (before::user::entry(1), after::user::entry(1));
        assert_ne!(before.key().unwrap(), after.key().unwrap());
        plain(1);
        assert!(plain::entry(1).key().unwrap().contains("@3"));
    });
}
