//! `condition = ...` of a mutation.

use cachestack::invalidate;

use super::super::cache;
use super::{fill, name, there};

#[tokio::test]
async fn it_sees_the_value_and_the_arguments_as_they_were() {
    #[invalidate(name(id), condition = |changed: &usize| *changed > limit.len())]
    async fn change(id: u64, limit: String) -> Result<usize, String> {
        let _ = id;
        Ok(limit.into_bytes().len() * 2)
    }
    #[invalidate(name(id), condition = Option::is_some)]
    fn by_path(id: u64) -> Option<u64> {
        id.checked_sub(2)
    }

    let all = async {
        fill().await;
        change(1, String::new()).await.unwrap();
        assert_eq!(there(), [true; 4]);
        change(1, "a".to_owned()).await.unwrap();
        assert_eq!(there(), [false, true, true, true]);
        assert_eq!(by_path(1), None);
        assert_eq!(by_path(2), Some(0));
        assert_eq!(there(), [false, false, true, true]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn it_is_not_asked_of_a_failure() {
    #[invalidate(name(id), condition = |_| panic!("it is asked"))]
    async fn change(id: u64) -> Result<u64, String> {
        Err(format!("{id}"))
    }

    let all = async {
        fill().await;
        change(1).await.unwrap_err();
        assert_eq!(there(), [true; 4]);
    };
    cache().scope(all).await;
}
