//! `key = ...` of a mutation.

use cachestack::invalidate;

use super::super::cache;
use super::{fill, there};

#[tokio::test]
async fn a_key_is_written_as_the_attribute_of_the_function_writes_it() {
    #[invalidate(key = "profile:{id}:en", key = format!("profile:{}:de", id))]
    async fn change(id: u64) {}

    let all = async {
        fill().await;
        change(2).await;
        assert_eq!(there(), [true; 4]);
        change(1).await;
        assert_eq!(there(), [true, true, false, false]);
    };
    cache().scope(all).await;
}

#[test]
fn its_values_are_escaped() {
    #[cachestack::cached(key = "escaped:{a}:{b}")]
    fn pair(a: &str, b: &str) -> String {
        format!("{a} {b}")
    }
    #[invalidate(key = "escaped:{a}:{b}")]
    fn change(a: &str, b: String) -> usize {
        a.len() + b.into_bytes().len()
    }

    cache().sync_scope(|| {
        pair("a:b", "c");
        pair("a", "b:c");
        change("a:b", "c".to_owned());
        assert_eq!(pair::entry("a:b", "c").peek(), None);
        assert!(pair::entry("a", "b:c").peek().is_some());
    });
}

#[test]
fn a_method_may_name_parts_of_self() {
    struct Users {
        tenant: u64,
    }
    impl Users {
        #[cachestack::cached(key = "of-self:{self.tenant}")]
        fn count(&self) -> u64 {
            self.tenant
        }
        #[invalidate(key = "of-self:{self.tenant}")]
        fn change(&mut self) {
            self.tenant += 1;
        }
    }

    cache().sync_scope(|| {
        let mut users = Users { tenant: 1 };
        users.count();
        users.change();
        assert_eq!(Users { tenant: 1 }.count_entry().peek(), None);
    });
}
