//! The attributes on free functions: what is cached, under which key, and what invalidates it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::{Cache, cached, invalidate, key};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
}

fn cache() -> Cache {
    Cache::builder().build().unwrap()
}

#[test]
fn a_sync_function_computes_once_for_each_arguments() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached(ttl = 60)]
    fn user(id: u64, name: &str) -> User {
        RUNS.fetch_add(1, Ordering::SeqCst);
        User {
            id,
            name: name.to_owned(),
        }
    }

    cache().sync_scope(|| {
        let first = user(1, "a");
        assert_eq!(user(1, "a"), first);
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
        assert_eq!(user(1, "b").name, "b");
        assert_eq!(user(2, "a").id, 2);
        assert_eq!(RUNS.load(Ordering::SeqCst), 3);
        assert_eq!(user::entry(1, "a").peek(), Some(first));
    });
}

#[tokio::test]
async fn an_async_function_keeps_only_ok() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    #[cached(ttl = "1h 30m")]
    async fn user(id: u64) -> Result<User, std::io::Error> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if id == 0 {
            return Err(std::io::Error::other("no such user"));
        }
        Ok(User {
            id,
            name: "x".into(),
        })
    }

    cache()
        .scope(async {
            assert!(user(0).await.is_err());
            assert!(user(0).await.is_err());
            assert_eq!(RUNS.load(Ordering::SeqCst), 2);
            user(7).await.unwrap();
            user(7).await.unwrap();
            assert_eq!(RUNS.load(Ordering::SeqCst), 3);
            let entry = user::entry(7);
            assert_eq!(entry.peek().unwrap().id, 7);
            entry.invalidate().await.unwrap();
            assert_eq!(entry.peek(), None);
        })
        .await;
}

#[tokio::test]
async fn invalidate_by_key_and_by_target() {
    #[cached(ttl = 60, key = "profile:{user.id}:{lang}")]
    async fn profile(user: &User, lang: &str) -> Option<String> {
        Some(format!("{} {lang}", user.name))
    }

    #[cached]
    async fn name(id: u64) -> String {
        format!("name {id}")
    }

    #[invalidate(name(id), key = "profile:{id}:en")]
    async fn rename(id: u64, new: String) -> Result<(), String> {
        // Takes the argument for itself.
        match new.into_bytes().is_empty() {
            true => Err("empty".into()),
            false => Ok(()),
        }
    }

    cache()
        .scope(async {
            let user = User {
                id: 3,
                name: "Ada".into(),
            };
            profile(&user, "en").await;
            name(3).await;
            assert!(profile::entry(&user, "en").peek().is_some());
            assert_eq!(
                &*key!("profile:{user.id}:en"),
                profile::entry(&user, "en").key().unwrap()
            );
            rename(3, String::new()).await.unwrap_err();
            assert!(profile::entry(&user, "en").peek().is_some());
            rename(3, "Bob".into()).await.unwrap();
            assert!(profile::entry(&user, "en").peek().is_none());
            assert!(name::entry(3).peek().is_none());
        })
        .await;
}
