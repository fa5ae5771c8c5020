//! Functions of trait impls: in a block, and by themselves.

use std::sync::Arc;

use async_trait::async_trait;
use cachestack::{cached, invalidate};

use super::{Runs, cache};

trait Repo {
    type Item;
    fn find(&self, id: u64) -> impl Future<Output = Option<Self::Item>>;
    fn count(&self) -> usize;
    fn double(&self) -> usize {
        self.count() * 2
    }
}

struct Pg(u64, Arc<Runs>);

#[cached]
impl Repo for Pg {
    type Item = (u64, u64);

    #[cached(ttl = 60, key = "trait-pg:{self.0}:{id}")]
    async fn find(&self, id: u64) -> Option<Self::Item> {
        self.1.one_more();
        let Self(own, _) = self;
        Some((*own, id.checked_sub(1)?))
    }

    #[cached(skip(self))]
    fn count(&self) -> usize {
        self.1.one_more();
        7
    }
}

/// Many types at once: the block knows it.
struct Of<T>(T);

#[cached]
impl<T: Clone + Send + Sync + std::fmt::Debug> Repo for Of<T> {
    type Item = String;

    #[cached(key = "trait-of:{id}", skip(self))]
    async fn find(&self, id: u64) -> Option<Self::Item> {
        Some(format!("{:?} {id}", self.0))
    }

    #[cached(skip(self))]
    fn count(&self) -> usize {
        size_of::<T>()
    }
}

#[tokio::test]
async fn a_block_gives_companions_to_a_trait_impl() {
    let pg = Pg(1, Arc::new(Runs::none()));
    let all = async {
        assert_eq!(pg.find(3).await, Some((1, 2)));
        assert_eq!(pg.find(3).await, Some((1, 2)));
        assert_eq!((pg.count(), pg.double()), (7, 14));
        assert_eq!(pg.1.count(), 2);
        assert_eq!(pg.find_entry(3).peek(), Some(Some((1, 2))));
        assert_eq!(pg.find_entry(3).key().unwrap(), "trait-pg:1:3");
        assert_eq!(pg.find_uncached(0).await, None);
        assert_eq!(pg.count_refresh(), 7);
        assert_eq!(pg.count_entries().stats().refreshed, 1);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn instances_of_a_generic_impl_do_not_share() {
    let all = async {
        for _ in 0..2 {
            assert_eq!(Of(1u8).find(1).await.as_deref(), Some("1 1"));
            assert_eq!(Of("a").find(1).await.as_deref(), Some("\"a\" 1"));
            assert_eq!((Of(1u8).count(), Of(1u16).count()), (1, 2));
        }
    };
    cache().scope(all).await;
}

#[cached(companions = VecEntries)]
impl Repo for Vec<u64> {
    type Item = u64;

    #[cached(key_self)]
    async fn find(&self, id: u64) -> Option<Self::Item> {
        self.get(usize::try_from(id).ok()?).copied()
    }

    #[cached(key = "trait-vec:{self.len()}")]
    fn count(&self) -> usize {
        self.len()
    }
}

trait Shown {
    fn shown(&self) -> String;
}

#[cached(companions = ShownEntries)]
impl<T: std::fmt::Debug + std::fmt::Display> Shown for T {
    #[cached(key = "trait-shown:{self}")]
    fn shown(&self) -> String {
        format!("{self:?}")
    }
}

#[tokio::test]
async fn companions_of_a_foreign_type_are_a_trait() {
    let (one, two) = (vec![1, 2], vec![3, 4]);
    let all = async {
        for _ in 0..2 {
            assert_eq!((one.find(0).await, two.find(0).await), (Some(1), Some(3)));
            assert_eq!(
                (1.shown(), "1".shown()),
                ("1".to_owned(), "\"1\"".to_owned())
            );
        }
        assert_eq!(two.find_entry(0).peek(), Some(Some(3)));
        assert_eq!(two.count(), 2);
        // As far as the attribute sees, the type may be one of many: the key ends with it.
        assert!(
            one.count_entry()
                .key()
                .unwrap()
                .starts_with("trait-vec:2%<")
        );
        assert_eq!("1".shown_entry().peek().as_deref(), Some("\"1\""));
    };
    cache().scope(all).await;
}

#[async_trait]
trait Remote {
    async fn load(&self, id: u64, name: &str) -> Result<String, String>;
    async fn store(&self, id: u64) -> Result<u64, String>;
}

struct Above(Arc<Runs>);
struct Below(Arc<Runs>);
struct Alone(Arc<Runs>);

#[cached]
#[async_trait]
impl Remote for Above {
    #[cached(key = "trait-above:{id}:{name}", skip(self))]
    async fn load(&self, id: u64, name: &str) -> Result<String, String> {
        self.0.one_more();
        tokio::task::yield_now().await;
        Ok(format!("{id} {name}"))
    }

    #[invalidate(self.load(id, "a"))]
    async fn store(&self, id: u64) -> Result<u64, String> {
        Ok(id)
    }
}

#[async_trait]
#[cached]
impl Remote for Below {
    #[cached(key = "trait-below:{id}:{name}", skip(self))]
    async fn load(&self, id: u64, name: &str) -> Result<String, String> {
        self.0.one_more();
        tokio::task::yield_now().await;
        Ok(format!("{id} {name}"))
    }

    #[invalidate(self.load(id, "a"))]
    async fn store(&self, id: u64) -> Result<u64, String> {
        Ok(id)
    }
}

#[async_trait]
impl Remote for Alone {
    /// What `async_trait` leaves tells that this is a trait's.
    #[cached(skip(self))]
    async fn load(&self, id: u64, name: &str) -> Result<String, String> {
        self.0.one_more();
        tokio::task::yield_now().await;
        if name.is_empty() {
            return Err("no name".to_owned());
        }
        Ok(format!("{id} {name}"))
    }

    #[invalidate(key = "trait-alone:{id}")]
    async fn store(&self, id: u64) -> Result<u64, String> {
        Ok(id)
    }
}

/// Loads twice, stores, and loads again.
async fn use_of(remote: &dyn Remote) {
    assert_eq!(remote.load(1, "a").await.unwrap(), "1 a");
    assert_eq!(remote.load(1, "a").await.unwrap(), "1 a");
    assert_eq!(remote.store(1).await, Ok(1));
    assert_eq!(remote.load(1, "a").await.unwrap(), "1 a");
}

#[tokio::test]
async fn it_goes_above_and_below_async_trait() {
    let runs: [Arc<Runs>; 3] = std::array::from_fn(|_| Arc::new(Runs::none()));
    let [above, below, alone] = runs.clone();
    let (above, below, alone) = (Above(above), Below(below), Alone(alone));
    let all = async {
        use_of(&above).await;
        use_of(&below).await;
        use_of(&alone).await;
        assert_eq!(above.load_entry(1, "a").peek().as_deref(), Some("1 a"));
        assert_eq!(below.load_entry(1, "a").peek().as_deref(), Some("1 a"));
        assert_eq!(runs.map(|it| it.count()), [2, 2, 1]);
        alone.load(1, "").await.unwrap_err();
    };
    cache().scope(all).await;
}

struct ByItself(u64);

impl Repo for ByItself {
    type Item = u64;

    #[cached(skip(self), companions = false)]
    async fn find(&self, id: u64) -> Option<u64> {
        id.checked_sub(self.0)
    }

    #[cached(key = "trait-by-itself:{self.0}", companions = false)]
    fn count(&self) -> usize {
        7
    }
}

#[tokio::test]
async fn by_itself_it_is_cached_without_companions() {
    let all = async {
        assert_eq!(ByItself(1).find(3).await, Some(2));
        assert_eq!(ByItself(2).find(3).await, Some(2));
        assert_eq!((ByItself(1).count(), ByItself(2).count()), (7, 7));
    };
    cache().scope(all).await;
}
