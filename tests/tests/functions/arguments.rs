//! What arguments of every kind come to in keys.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cachestack::cached;

use super::{Runs, cache};

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
fn borrowed_owned_and_shared_arguments_are_seen_by_their_values() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn all<'a>(
        owned: String,
        text: &'a str,
        list: &[u64],
        maybe: Option<&str>,
        either: Cow<'a, str>,
        shared: Arc<u64>,
        #[cached(skip)] numbers: &mut dyn Iterator<Item = u64>,
    ) -> usize {
        let _ = numbers;
        RUNS.one_more();
        let shared = usize::try_from(*shared).unwrap();
        owned.len() + text.len() + list.len() + maybe.map_or(0, str::len) + either.len() + shared
    }

    let call = |either: Cow<'_, str>| {
        all(
            "a".into(),
            "b",
            &[1, 2],
            Some("c"),
            either,
            Arc::new(1),
            &mut std::iter::empty(),
        )
    };
    cache().sync_scope(|| {
        assert_eq!(call("d".into()), 7);
        assert_eq!(call(Cow::Owned("d".to_owned())), 7);
        assert_eq!(RUNS.count(), 1);
        assert_eq!(call("de".into()), 8);
        assert_eq!(RUNS.count(), 2);
    });
}

#[test]
#[allow(clippy::toplevel_ref_arg, reason = "such a pattern is what is tested")]
fn arguments_behind_patterns_are_part_of_the_key() {
    static RUNS: Runs = Runs::none();
    #[derive(serde::Serialize)]
    struct Point {
        x: u64,
        y: u64,
    }

    #[cached]
    fn sum(Point { x, y }: Point, (a, mut b): (u64, u64), _: &str, mut c: u64, ref d: u64) -> u64 {
        RUNS.one_more();
        b += 1;
        c += 1;
        x + y + a + b + c + *d
    }

    cache().sync_scope(|| {
        let point = |x| Point { x, y: 1 };
        assert_eq!(sum(point(1), (1, 1), "a", 1, 1), 8);
        assert_eq!(sum(point(1), (1, 1), "a", 1, 1), 8);
        assert_eq!(RUNS.count(), 1);
        assert_eq!(sum(point(2), (1, 1), "a", 1, 1), 9);
        assert_eq!(sum(point(1), (1, 2), "a", 1, 1), 9);
        assert_eq!(sum(point(1), (1, 1), "b", 1, 1), 8);
        assert_eq!(sum(point(1), (1, 1), "a", 1, 2), 9);
        assert_eq!(RUNS.count(), 5);
        assert_eq!(sum::entry(point(2), (1, 1), "a", 1, 1).peek(), Some(9));
    });
}
