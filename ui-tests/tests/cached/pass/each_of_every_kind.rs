#![deny(warnings, clippy::pedantic)]
#![allow(clippy::unused_async)]

use std::collections::{BTreeMap, HashMap};
use std::io;

use cachestack::cached;

#[cached(each = ids)]
fn by_slice(ids: &[u64], lang: &str) -> HashMap<u64, String> {
    ids.iter().map(|id| (*id, format!("{lang}{id}"))).collect()
}

#[cached(each = ids, ttl = 60, none_ttl = 5)]
async fn by_vector(ids: Vec<u64>, lang: String) -> io::Result<BTreeMap<u64, String>> {
    Ok(ids
        .into_iter()
        .map(|id| (id, format!("{lang}{id}")))
        .collect())
}

#[allow(clippy::ptr_arg)]
#[cached(each = ids, key = "order:{ids}")]
fn by_reference(ids: &Vec<u64>) -> Vec<Option<u64>> {
    ids.iter().map(|id| id.checked_sub(1)).collect()
}

pub struct Repo {
    tenant: String,
}

impl Repo {
    #[cached(each = ids, key = "{self.tenant}:{ids}", tags = ["user:{ids}"])]
    async fn users(&self, ids: &[u64]) -> Result<Vec<u64>, String> {
        std::future::ready(Ok(ids.to_vec())).await
    }
}

pub trait Finds {
    fn find(&self, ids: &[u64]) -> Vec<u64>;
}

#[cached]
impl Finds for Repo {
    #[cached(each = ids, skip(self))]
    fn find(&self, ids: &[u64]) -> Vec<u64> {
        ids.to_vec()
    }
}

#[tokio::test]
async fn works() {
    assert_eq!(by_slice(&[1], "en")[&1], "en1");
    assert_eq!(by_slice::entry(1, "en").peek().as_deref(), Some("en1"));
    let got = by_vector(vec![1, 2], String::from("de")).await.unwrap();
    assert_eq!(got.len(), 2);
    assert_eq!(by_reference(&vec![0, 1]), [None, Some(0)]);
    let repo = Repo {
        tenant: String::from("shop"),
    };
    assert_eq!(repo.users(&[3]).await, Ok(vec![3]));
    assert_eq!(repo.users_entry(3).peek(), Some(3));
    assert_eq!(repo.find(&[4]), [4]);
    assert_eq!(Repo::find_entry(&repo, 4).peek(), Some(4));
    let sent = tokio::spawn(by_vector(vec![1], String::new()));
    assert_eq!(sent.await.unwrap().unwrap().len(), 1);
}
