//! Under which key a call's value is kept.

use std::collections::{HashMap, HashSet};

use cachestack::{cached, key};

use super::{Runs, cache};

#[test]
fn a_version_separates_old_values_from_new_ones() {
    mod before {
        #[cachestack::cached(key = "user:{id}", version = 1)]
        pub(super) fn user(id: u64) -> u64 {
            id
        }
    }
    mod after {
        #[cachestack::cached(key = "user:{id}", version = 2)]
        pub(super) fn user(id: u64) -> u64 {
            id + 1
        }
    }
    #[cached(version = 3)]
    fn plain(id: u64) -> u64 {
        id
    }

    cache().sync_scope(|| {
        assert_eq!((before::user(1), after::user(1)), (1, 2));
        assert_eq!((before::user(1), after::user(1)), (1, 2));
        let (before, after) = (before::user::entry(1), after::user::entry(1));
        assert_ne!(before.key().unwrap(), after.key().unwrap());
        assert!(plain::entry(1).key().unwrap().contains("@3"));
    });
}

#[test]
fn skipped_arguments_are_not_part_of_the_key() {
    static RUNS: Runs = Runs::none();
    struct NotSerialize;

    #[cached(skip(trace))]
    fn listed(id: u64, trace: &str) -> u64 {
        let _ = trace;
        RUNS.one_more();
        id
    }

    #[cached]
    fn marked(id: u64, #[cached(skip)] _db: &NotSerialize, #[cached(skip)] _n: &mut u32) -> u64 {
        RUNS.one_more();
        id
    }

    cache().sync_scope(|| {
        listed(1, "a");
        listed(1, "b");
        assert_eq!(RUNS.count(), 1);
        let mut n = 0;
        marked(1, &NotSerialize, &mut n);
        marked(1, &NotSerialize, &mut n);
        assert_eq!(RUNS.count(), 2);
        assert_eq!(listed::entry(1).peek(), Some(1));
        assert_eq!(marked::entry(1).peek(), Some(1));
    });
}

#[test]
fn equal_arguments_share_an_entry_however_they_are_ordered() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn sum(set: &HashSet<u64>, map: &HashMap<String, u64>) -> u64 {
        RUNS.one_more();
        set.iter().sum::<u64>() + map.values().sum::<u64>()
    }

    let texts = |range: std::ops::Range<u64>| range.map(|i| (i.to_string(), i));
    let up = (0..100).collect();
    let down = (0..100).rev().collect();
    let up_map = texts(0..100).collect();
    let down_map = texts(0..100)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    cache().sync_scope(|| {
        assert_eq!(sum(&up, &up_map), sum(&down, &down_map));
        assert_eq!(RUNS.count(), 1);
    });
}

#[test]
fn arguments_that_look_alike_do_not_share_an_entry() {
    #[cached]
    fn show(a: Option<&str>, b: &str) -> String {
        format!("{a:?} {b:?}")
    }

    let calls = [
        (None, ""),
        (Some(""), ""),
        (Some("None"), ""),
        (None, "None"),
        (Some("a"), "b"),
        (Some("a,b"), ""),
        (Some("a\",\"b"), ""),
        (Some("a"), "\",b"),
    ];
    cache().sync_scope(|| {
        for _ in 0..2 {
            for (a, b) in calls {
                assert_eq!(show(a, b), format!("{a:?} {b:?}"));
            }
        }
    });
}

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

mod one {
    #[cachestack::cached]
    pub(super) fn name(id: u64) -> String {
        format!("one {id}")
    }
}

mod two {
    #[cachestack::cached]
    pub(super) fn name(id: u64) -> String {
        format!("two {id}")
    }
}

#[test]
fn functions_of_one_name_in_two_places_do_not_share() {
    fn three() -> String {
        #[cached]
        fn name(id: u64) -> String {
            format!("three {id}")
        }
        name(1)
    }
    fn four() -> String {
        #[cached]
        fn name(id: u64) -> String {
            format!("four {id}")
        }
        name(1)
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            let names = [one::name(1), two::name(1), three(), four()];
            assert_eq!(names, ["one 1", "two 1", "three 1", "four 1"]);
        }
        let entry = one::name::entry(1);
        let path = "functions::keys::one::name(1u64)";
        assert_eq!(entry.key().unwrap(), path);
    });
}

#[test]
fn of_two_functions_with_one_path_the_second_is_not_cached_and_has_no_entries() {
    static FIRST: Runs = Runs::none();
    static SECOND: Runs = Runs::none();

    fn first() -> u64 {
        go(true)
    }
    fn go(first: bool) -> u64 {
        if first {
            #[cached]
            fn twin(id: u64) -> u64 {
                FIRST.one_more();
                id
            }
            twin(1)
        } else {
            #[cached]
            fn twin(id: u64) -> u64 {
                SECOND.one_more();
                id + 1
            }
            assert!(twin::entry(1).blocking().put(7).is_err());
            assert_eq!(twin::entry(1).peek(), None);
            twin(1)
        }
    }

    let cache = cache();
    cache.sync_scope(|| {
        for _ in 0..2 {
            assert_eq!((first(), go(false)), (1, 2));
        }
    });
    assert_eq!((FIRST.count(), SECOND.count()), (1, 2));
    assert_eq!(cache.blocking().stats().unwrap().uncached, 2);
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
