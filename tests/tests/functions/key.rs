//! `key = ...`.

use cachestack::{cached, key};

use super::cache;

#[test]
fn a_template_and_the_key_macro_agree() {
    struct User {
        id: u64,
    }

    #[cached(key = "user:{user.id}/{lang}:{path:raw}")]
    fn page(user: &User, lang: &str, path: &str) -> String {
        format!("{} {lang} {path}", user.id)
    }

    let cache = cache();
    cache.sync_scope(|| {
        for (id, lang, path) in [(1, "en", "/a:b"), (2, "e/n:%", "a b"), (3, "", "")] {
            let user = User { id };
            let made = page(&user, lang, path);
            let key = key!("user:{user.id}/{lang}:{path:raw}");
            let entry = page::entry(&user, lang, path);
            assert_eq!(&*key, entry.key().unwrap());
            let found = cache.blocking().get::<String>(&key).unwrap();
            assert_eq!(found, Some(made));
        }
        assert_eq!(&*key!("{1 + 1}:{{}}"), "2:{}");
    });
}

#[test]
fn values_of_a_template_never_run_into_each_other() {
    #[cached(key = "{a}:{b}")]
    fn pair(a: &str, b: &str) -> (String, String) {
        (a.into(), b.into())
    }

    let texts = ["", "a", ":", "a:", ":a", "a:b", "%3A", "%", "a%3Ab"];
    cache().sync_scope(|| {
        for _ in 0..2 {
            for a in texts {
                for b in texts {
                    assert_eq!(pair(a, b), (a.to_owned(), b.to_owned()));
                }
            }
        }
    });
}

#[test]
fn a_key_may_be_an_expression() {
    #[cached(key = format!("{}-{}", a.min(b), a.max(b)))]
    fn distance(a: u64, b: u64) -> u64 {
        a.abs_diff(b)
    }

    let cache = cache();
    cache.sync_scope(|| assert_eq!((distance(1, 5), distance(5, 1)), (4, 4)));
    assert_eq!(cache.blocking().stats().unwrap().computed, 1);
    assert_eq!(cache.blocking().get::<u64>("1-5").unwrap(), Some(4));
}

#[test]
fn functions_with_one_template_share_their_entries() {
    #[cached(key = "shared:{id}")]
    fn writer(id: u64) -> u64 {
        id * 2
    }
    #[cached(key = "shared:{number}")]
    fn reader(number: u64) -> u64 {
        number * 3
    }

    cache().sync_scope(|| assert_eq!((writer(1), reader(1)), (2, 2)));
}
