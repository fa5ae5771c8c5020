//! Cached functions of types: methods, associated functions, trait impls, generics.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cachestack::{Cache, cached, invalidate};

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[derive(Clone)]
struct Users {
    tenant: String,
    cache: Cache,
}

impl Users {
    #[cached(ttl = 60, key = "m1:{self.tenant}:{id}")]
    async fn get(&self, id: u64) -> Result<String, String> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(format!("{}:{id}", self.tenant))
    }

    #[cached(ttl = 60, skip(self))]
    fn total(&self) -> u64 {
        7
    }

    #[cached]
    fn list() -> Vec<u64>
    where
        Self: Sized,
    {
        vec![1]
    }

    #[cached(associated)]
    fn list2() -> Vec<u64> {
        vec![1]
    }

    #[cached(cache = self.cache, key = "m2:{self.tenant}:{id}")]
    fn own(self: &Arc<Self>, id: u64) -> u64 {
        id
    }

    #[cached(cache = self.cache, key = "m3:{self.tenant}:{id}")]
    fn own2(self: Arc<Self>, id: u64) -> u64 {
        let _ = self;
        id
    }

    #[invalidate(self.get(id), Self::list(), self.total, Self::list2)]
    async fn rename(&self, id: u64, name: &str) -> Result<(), String> {
        let _ = (id, name);
        Ok(())
    }

    #[invalidate(|r| self.get(r[0]), put = |_r| Self::list())]
    fn rename2(&self, id: u64) -> Result<Vec<u64>, String> {
        Ok(vec![id])
    }
}

#[cached]
fn generic<T: serde::Serialize + Clone, const N: usize>(id: T) -> [u64; 2] {
    let _ = id;
    [N as u64, 2]
}

#[cached]
fn anything(id: impl serde::Serialize + std::fmt::Debug) -> String {
    format!("{id:?}")
}

#[cached]
fn future(id: u64) -> impl Future<Output = Result<u64, String>> + Send {
    async move { Ok(id) }
}

#[cached]
fn boxed(id: u64) -> std::pin::Pin<Box<dyn Future<Output = Arc<u64>> + Send>> {
    Box::pin(async move { Arc::new(id) })
}

trait Repo {
    type Out;
    async fn find(&self, id: u64) -> Option<Self::Out>;
    fn name(&self, n: u8) -> String;
}

#[cached]
impl Repo for Users {
    type Out = u64;
    #[cached(ttl = 60, key = "m4:{self.tenant}:{id}", none_ttl = 5)]
    async fn find(&self, id: u64) -> Option<Self::Out> {
        Some(id)
    }
    #[cached(skip(self), companions = false)]
    fn name(&self, n: u8) -> String {
        format!("{n}")
    }
}

#[cached(companions = VecRepo)]
impl<T: Send + Sync> Repo for Vec<T> {
    type Out = u64;
    #[cached(ttl = 60, skip(self))]
    async fn find(&self, id: u64) -> Option<Self::Out> {
        Some(id)
    }
    fn name(&self, n: u8) -> String {
        format!("{n}")
    }
}

#[cached(ttl = 60, tags = ["user:{id}", "users"], bypass = id == 0, refresh = fresh, error_ttl = 1, share_err = |e: &std::io::Error| std::io::Error::from(e.kind()))]
fn many(id: u64, fresh: bool) -> std::io::Result<u64> {
    Ok(id)
}

#[cached(local, ttl = |it: &Vec<u64>| std::time::Duration::from_secs(it.len() as u64))]
fn local(id: u64) -> Vec<u64> {
    vec![id]
}

#[cached(local, ttl = |it| std::time::Duration::from_secs(it.0))]
async fn local2(id: u64) -> Arc<NoClone> {
    Arc::new(NoClone(id))
}
struct NoClone(u64);

#[tokio::test]
async fn all_forms() {
    let cache = Cache::builder().build().unwrap();
    let users = Users {
        tenant: "a".into(),
        cache: cache.clone(),
    };
    let body = async {
        assert_eq!(users.get(1).await.unwrap(), "a:1");
        assert_eq!(users.get(1).await.unwrap(), "a:1");
        assert_eq!(users.get_entry(1).get().await.unwrap().unwrap(), "a:1");
        assert_eq!(RUNS.load(Ordering::SeqCst), 1);
        users.rename(1, "x").await.unwrap();
        assert_eq!(users.get_entry(1).peek(), None);
        assert_eq!(users.total(), 7);
        assert_eq!(Users::list(), [1]);
        assert_eq!(Users::list2(), [1]);
        println!(
            "{} {}",
            Users::list_entry().key().unwrap(),
            users.total_entry().key().unwrap()
        );
        let arc = Arc::new(users.clone());
        assert_eq!(arc.own(3), 3);
        assert_eq!(Arc::clone(&arc).own2(3), 3);
        assert_eq!(arc.own_entry(3).peek(), Some(3));
        assert_eq!(generic::<_, 3>("a"), [3, 2]);
        assert_eq!(generic::<_, 4>("a"), [4, 2]);
        println!("{}", generic::entry::<_, 4>("a").key().unwrap());
        assert_eq!(anything(4u8), "4");
        println!("{}", anything::entry(4u8).key().unwrap());
        assert_eq!(future(4).await, Ok(4));
        assert_eq!(future(4).await, Ok(4));
        assert_eq!(*boxed(4).await, 4);
        assert_eq!(boxed::entry(4).peek().as_deref(), Some(&4));
        assert_eq!(users.find(9).await, Some(9));
        assert_eq!(users.find_entry(9).peek(), Some(Some(9)));
        assert_eq!(users.name(9), "9");
        assert_eq!(vec![1u8].find(9).await, Some(9));
        assert_eq!(vec![1u8].find_entry(9).peek(), Some(Some(9)));
        println!("{}", vec![1u8].find_entry(9).key().unwrap());
        assert_eq!(many(9, false).unwrap(), 9);
        assert_eq!(local(9), [9]);
        assert_eq!(local2(9).await.0, 9);
        for (name, stats) in cachestack::functions() {
            println!("{name}: {stats}");
        }
    };
    cache.scope(body).await;
}
