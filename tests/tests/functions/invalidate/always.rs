//! `always`.

use cachestack::invalidate;

use super::super::cache;
use super::{fill, name, there};

#[tokio::test]
async fn it_deletes_after_a_failure_too() {
    #[invalidate(name(id), always)]
    async fn change(id: u64) -> Result<u64, String> {
        assert_eq!(there(), [true; 4]);
        Err(format!("{id}"))
    }
    #[invalidate(name(id), always)]
    fn sync_change(id: u64, ok: bool) -> Result<u64, String> {
        if ok { Ok(id) } else { Err("no".into()) }
    }

    let all = async {
        fill().await;
        change(1).await.unwrap_err();
        assert_eq!(there(), [false, true, true, true]);
        sync_change(2, false).unwrap_err();
        assert_eq!(there(), [false, false, true, true]);
        fill().await;
        sync_change(2, true).unwrap();
        assert_eq!(there(), [true, false, true, true]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn a_condition_is_asked_of_success_only() {
    #[invalidate(name(id), always, condition = |changed: &bool| *changed)]
    async fn change(id: u64, returned: Result<bool, String>) -> Result<bool, String> {
        let _ = id;
        returned
    }

    let all = async {
        fill().await;
        change(1, Ok(false)).await.unwrap();
        assert_eq!(there(), [true; 4]);
        change(1, Err("no".to_owned())).await.unwrap_err();
        assert_eq!(there(), [false, true, true, true]);
        change(2, Ok(true)).await.unwrap();
        assert_eq!(there(), [false, false, true, true]);
    };
    cache().scope(all).await;
}
