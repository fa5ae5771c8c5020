//! `before`.

use cachestack::invalidate;

use super::super::cache;
use super::{fill, there};

#[tokio::test]
async fn it_deletes_before_the_body_whatever_becomes_of_that() {
    #[invalidate(super::name(id), key = "profile:{id}:en", before)]
    async fn change(id: u64) -> Result<u64, String> {
        tokio::task::yield_now().await;
        assert_eq!(there(), [false, true, false, true]);
        Err(format!("{id}"))
    }
    #[invalidate(super::name(id), before)]
    fn sync_change(id: u64) {
        assert!(super::name::entry(id).peek().is_none());
        panic!("as this test wants");
    }

    let all = async {
        fill().await;
        change(1).await.unwrap_err();
        assert_eq!(there(), [false, true, false, true]);
        std::panic::catch_unwind(|| sync_change(2)).unwrap_err();
        assert_eq!(there(), [false, false, false, true]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn what_the_body_reads_again_stays() {
    #[invalidate(super::name(id), before)]
    async fn change(id: u64) -> String {
        super::name(id).await
    }

    let all = async {
        fill().await;
        assert_eq!(change(1).await, "name 1");
        assert_eq!(there(), [true; 4]);
    };
    cache().scope(all).await;
}
