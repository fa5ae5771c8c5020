//! `put = ...`.

use cachestack::{Cache, cached, invalidate};

use super::super::{Runs, cache};

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct User {
    id: u64,
    name: String,
}

static RUNS: Runs = Runs::none();

#[cached(ttl = 60)]
async fn user(id: u64) -> Result<User, String> {
    RUNS.one_more();
    Ok(User {
        id,
        name: "computed".to_owned(),
    })
}

#[cached]
fn newest() -> User {
    User {
        id: 0,
        name: "none".to_owned(),
    }
}

#[invalidate(put = |made| user(made.id), put = |_| newest())]
async fn create(id: u64, name: String) -> Result<User, String> {
    match name.is_empty() {
        true => Err("no name".to_owned()),
        false => Ok(User { id, name }),
    }
}

#[tokio::test]
async fn the_result_is_stored_where_it_belongs() {
    let all = async {
        let made = create(1, "Ada".to_owned()).await.unwrap();
        assert_eq!(user(1).await.unwrap(), made);
        assert_eq!(newest(), made);
        assert_eq!(RUNS.count(), 0);
        // A failure is stored nowhere, and what is there stays.
        create(1, String::new()).await.unwrap_err();
        assert_eq!(user(1).await.unwrap(), made);
        // An older value is replaced.
        create(1, "Bob".to_owned()).await.unwrap();
        assert_eq!(user(1).await.unwrap().name, "Bob");
        assert_eq!(RUNS.count(), 0);
    };
    cache().scope(all).await;
}

#[test]
fn it_stores_under_an_argument_that_the_body_took() {
    #[cached]
    fn length(name: &str) -> usize {
        name.len()
    }
    #[invalidate(put = |_| length(&name))]
    fn measure(name: String) -> usize {
        name.into_bytes().len() + 100
    }

    cache().sync_scope(|| {
        assert_eq!(measure("ab".to_owned()), 102);
        assert_eq!(length("ab"), 102);
    });
}

#[tokio::test]
async fn a_store_that_is_closed_does_not_matter() {
    let cache: Cache = cache();
    cache.close().await.unwrap();
    assert_eq!(
        cache.scope(create(1, "Ada".to_owned())).await.unwrap().id,
        1
    );
}
