//! Methods.

use std::sync::Arc;

use cachestack::{Cache, cached, invalidate};

use super::{Runs, cache};

struct Users {
    tenant: String,
    cache: Cache,
    runs: Arc<Runs>,
}

fn users(tenant: &str) -> Users {
    Users {
        tenant: tenant.to_owned(),
        cache: cache(),
        runs: Arc::new(Runs::none()),
    }
}

impl Users {
    #[cached(ttl = 60, key = "methods:{self.tenant}:{id}")]
    async fn find(&self, id: u64) -> Result<String, String> {
        self.runs.one_more();
        let found = id.checked_sub(1).ok_or("none")?;
        if found == 7 {
            return Ok(self.tenant.clone());
        }
        let found = 'found: loop {
            for n in 0.. {
                tokio::task::yield_now().await;
                if n == found {
                    break 'found n;
                }
            }
        };
        Ok(format!("{} {found}", self.tenant))
    }

    #[cached(skip(self))]
    fn shared(&self, id: u64) -> String {
        format!("{} {id}", self.tenant)
    }

    #[cached(cache = self.cache, skip(self))]
    fn in_a_field(&self, id: u64) -> u64 {
        self.runs.one_more();
        id
    }

    #[cached(cache = self.cache, skip(self))]
    async fn of_an_arc(self: Arc<Self>, id: u64) -> u64 {
        self.runs.one_more();
        id
    }

    #[cached(cache = &self.cache, key = "methods:{self.tenant}:{id}")]
    async fn by_arc(self: &Arc<Self>, id: u64) -> u64 {
        self.runs.one_more();
        id + Arc::strong_count(self) as u64
    }

    #[cached(skip(self))]
    fn counted(&mut self, id: u64) -> u64 {
        self.tenant.push('!');
        id
    }

    #[cached(skip(self, by))]
    fn longest<'a>(&'a self, names: &'a [&'a str], by: impl Fn(&str) -> usize) -> Option<String> {
        names
            .iter()
            .max_by_key(|it| by(it))
            .map(|it| (*it).to_owned())
    }

    #[invalidate(self.find(id), self.in_a_field(id))]
    async fn rename(&mut self, id: u64, name: String) {
        self.tenant = name;
        let _ = id;
    }
}

#[tokio::test]
async fn what_the_key_names_of_self_keeps_values_apart() {
    let (a, b) = (users("a"), users("b"));
    let all = async {
        for _ in 0..2 {
            assert_eq!(a.find(3).await.unwrap(), "a 2");
            assert_eq!(b.find(3).await.unwrap(), "b 2");
            assert_eq!(a.find(8).await.unwrap(), "a");
            assert_eq!(a.find(0).await.unwrap_err(), "none");
        }
        assert_eq!((a.runs.count(), b.runs.count()), (4, 1));
        let entry = b.find_entry(3);
        assert_eq!(entry.key().unwrap(), "methods:b:3");
        assert_eq!(entry.get().await.unwrap().as_deref(), Some("b 2"));
        // What is left out on purpose is shared.
        assert_eq!(
            (a.shared(1), b.shared(1)),
            ("a 1".to_owned(), "a 1".to_owned())
        );
        assert_eq!(b.shared_uncached(1), "b 1");
        assert_eq!(b.shared_refresh(1), "b 1");
        assert_eq!(a.shared(1), "b 1");
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn a_cache_may_be_held_in_a_field() {
    let users = Arc::new(users("a"));
    assert_eq!((users.in_a_field(1), users.in_a_field(1)), (1, 1));
    assert_eq!(Arc::clone(&users).of_an_arc(2).await, 2);
    assert_eq!(Arc::clone(&users).of_an_arc(2).await, 2);
    assert_eq!(users.by_arc(3).await, users.by_arc(3).await);
    assert_eq!(users.runs.count(), 3);
    assert_eq!(users.of_an_arc_entry(2).peek(), Some(2));
    assert_eq!(users.cache.stats().await.unwrap().computed, 3);
    users.in_a_field_entries().invalidate().await.unwrap();
    assert_eq!(users.in_a_field_entry(1).peek(), None);
}

#[test]
fn a_body_may_change_a_self_that_is_skipped() {
    let mut users = users("a");
    cache().sync_scope(|| {
        assert_eq!((users.counted(1), users.counted(1)), (1, 1));
        assert_eq!(users.tenant, "a!");
        assert_eq!(users.counted_entry(1).peek(), Some(1));
        let longest = users.longest(&["a", "bc"], str::len);
        assert_eq!(longest.as_deref(), Some("bc"));
    });
}

#[tokio::test]
async fn a_mutation_sees_self_as_it_was() {
    let mut users = users("a");
    let all = async {
        users.find(3).await.unwrap();
        users.in_a_field(3);
        users.rename(3, "b".to_owned()).await;
        assert_eq!(users.in_a_field_entry(3).peek(), None);
        users.tenant = "a".to_owned();
        assert_eq!(users.find_entry(3).peek(), None);
    };
    cache().scope(all).await;
}
