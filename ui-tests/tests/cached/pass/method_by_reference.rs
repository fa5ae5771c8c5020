use cachestack::cached;

pub struct Users {
    tenant: String,
}

impl Users {
    #[cached(ttl = 60, key = "{self.tenant}:{id}")]
    pub async fn find(&self, id: u64) -> Option<String> {
        Some(format!("{} {id}", self.tenant))
    }

    #[cached(skip(self))]
    fn count(&self) -> usize {
        self.tenant.len()
    }

    /// With a lifetime of its own.
    #[cached(skip(self))]
    fn longest<'a>(&'a self, names: &'a [String]) -> Option<String> {
        names.iter().max_by_key(|it| it.len()).cloned()
    }
}

#[test]
fn works() {
    let users = Users { tenant: "a".into() };
    assert_eq!(users.count(), 1);
    assert_eq!(users.longest(&["b".into()]).as_deref(), Some("b"));
    assert_eq!(users.count_uncached(), 1);
    assert_eq!(users.count_refresh(), 1);
    assert!(users.find_entry(1).key().unwrap().ends_with("a:1"));
    drop(users.find(1));
    let _ = Users::count_entries;
}
