//! Targets that are known only from the result.

use cachestack::{cached, invalidate};

use super::super::cache;
use super::{fill, name, there};

#[tokio::test]
async fn a_target_is_taken_from_the_value_after_success() {
    #[invalidate(|made| name(*made))]
    async fn create(ok: bool) -> Result<u64, String> {
        if ok { Ok(2) } else { Err("no".into()) }
    }
    #[invalidate(|(id, _)| name(*id), |(_, id)| name(*id), condition = |(_, id)| *id > 0)]
    fn both(id: u64) -> (u64, u64) {
        (1, id)
    }

    let all = async {
        fill().await;
        create(false).await.unwrap_err();
        assert_eq!(there(), [true; 4]);
        create(true).await.unwrap();
        assert_eq!(there(), [true, false, true, true]);
        fill().await;
        both(0);
        assert_eq!(there(), [true; 4]);
        both(2);
        assert_eq!(there(), [false, false, true, true]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn it_may_use_arguments_that_the_body_took() {
    #[cached]
    fn length(name: &str, n: u64) -> usize {
        name.len() + usize::try_from(n).unwrap()
    }
    #[invalidate(|n| length(&name, *n))]
    async fn rename(name: String) -> u64 {
        u64::try_from(name.into_bytes().len()).unwrap()
    }

    let all = async {
        length("ab", 2);
        rename("ab".to_owned()).await;
        assert_eq!(length::entry("ab", 2).peek(), None);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn methods_are_targets_too() {
    struct Users;
    impl Users {
        #[cached(skip(self))]
        fn find(&self, id: u64) -> u64 {
            id
        }
        #[invalidate(|id| self.find(*id), |_| Users.find(9))]
        async fn create(&self) -> Result<u64, String> {
            Ok(7)
        }
    }

    let all = async {
        assert_eq!((Users.find(7), Users.find(9)), (7, 9));
        Users.create().await.unwrap();
        assert_eq!(Users.find_entry(7).peek(), None);
        assert_eq!(Users.find_entry(9).peek(), None);
    };
    cache().scope(all).await;
}
