//! What every store does, as far as it is worth a look at files. The contract suite has the rest.

use std::fs;
use std::time::Duration;

use cachestack_backends::{Backend, Key, Lookup, Namespace, TimeLeft, ValueType};

use super::{
    block_on, entry, exists, files_in, folder, get, key, lasting, look, open, place, plant_ended,
    set, shop, stats, text,
};

#[test]
fn a_value_is_one_file_and_replaced_by_the_next() {
    let folder = folder();
    let files = open(folder.path());
    set(&files, &key("k"), String::from("first"));
    set(&files, &key("k"), String::from("second"));
    assert_eq!(text(&files, &key("k")).unwrap(), "second");
    assert_eq!(files_in(folder.path()), [place(folder.path(), &key("k"))]);
}

#[test]
fn empty_and_large_values_come_back() {
    let folder = folder();
    let files = open(folder.path());
    let large: Vec<u8> = (0..8 << 20).map(|i: u32| i.to_le_bytes()[1]).collect();
    for value in [Vec::new(), vec![0; 1], vec![10; 9_000], large] {
        set(&files, &key("k"), value.clone());
        assert!(get::<Vec<u8>>(&files, &key("k")) == Some(value));
    }
    set(&files, &key("none"), None::<String>);
    assert_eq!(get::<Option<String>>(&files, &key("none")), Some(None));
}

#[test]
fn any_text_is_a_key() {
    let folder = folder();
    let files = open(folder.path());
    let long = "long ".repeat(2_000);
    let texts = [
        "",
        " ",
        "a/b",
        "../../etc/passwd",
        "a\nb\0c",
        "ключ 🔑",
        "K",
        "k",
        "%6B",
        &long,
    ];
    let spaces = ["", "shop", "Shop", "../shop", "日本", &long];
    let keys: Vec<Key> = spaces
        .iter()
        .flat_map(|space| texts.map(|text| Key::new(&Namespace::new(space), text)))
        .collect();
    for (value, key) in keys.iter().enumerate() {
        set(&files, key, value as u64);
    }
    for (value, key) in keys.iter().enumerate() {
        assert_eq!(get(&files, key), Some(value as u64));
        assert!(exists(&files, key));
    }
    assert_eq!(files_in(folder.path()).len(), keys.len());
}

#[test]
fn entries_survive_a_restart_with_their_times() {
    let folder = folder();
    let hour = Duration::from_secs(3_600);
    block_on(open(folder.path()).set(&key("k"), lasting(String::from("kept"), hour))).unwrap();
    let files = open(folder.path());
    assert_eq!(text(&files, &key("k")).unwrap(), "kept");
    match block_on(files.ttl(&key("k"))).unwrap() {
        TimeLeft::Left(left) => {
            // Ends are written to the millisecond, rounded up.
            let most = hour + Duration::from_millis(1);
            assert!(left <= most && left > hour / 2, "{left:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_entry_that_has_ended_is_a_miss_everywhere_and_freed_when_it_is_asked_for() {
    let folder = folder();
    let files = open(folder.path());
    plant_ended(folder.path(), &key("k"));
    assert!(!exists(&files, &key("k")));
    assert_eq!(block_on(files.ttl(&key("k"))).unwrap(), TimeLeft::Missing);
    assert_eq!(
        files_in(folder.path()).len(),
        1,
        "asking for less frees nothing"
    );
    assert_eq!(text(&files, &key("k")), None);
    assert!(files_in(folder.path()).is_empty());
    let stats = stats(&files);
    assert_eq!((stats.misses, stats.expirations, stats.corrupt), (1, 1, 0));
}

#[test]
fn a_time_below_a_second_holds() {
    let folder = folder();
    let files = open(folder.path());
    let short = Duration::from_millis(60);
    block_on(files.set(&key("k"), lasting(1_u8, short))).unwrap();
    assert!(exists(&files, &key("k")));
    std::thread::sleep(short + Duration::from_millis(2));
    assert!(!exists(&files, &key("k")));
    assert_eq!(get::<u8>(&files, &key("k")), None);
}

#[test]
fn an_entry_that_has_ended_when_it_is_set_leaves_nothing() {
    let folder = folder();
    let files = open(folder.path());
    set(&files, &key("k"), 1);
    block_on(files.set(&key("k"), lasting(2, Duration::ZERO))).unwrap();
    assert_eq!(get::<i32>(&files, &key("k")), None);
    assert!(files_in(folder.path()).is_empty());
}

#[test]
fn a_value_of_another_type_is_a_mismatch_and_stays() {
    let folder = folder();
    let files = open(folder.path());
    set(&files, &key("k"), 7_u64);
    assert!(matches!(
        look::<String>(&files, &key("k")),
        Lookup::Mismatch
    ));
    let local = ValueType::local::<std::sync::Mutex<u8>>();
    let found = block_on(files.get(&key("k"), local)).unwrap();
    assert!(matches!(found, Lookup::Mismatch));
    assert_eq!(get(&files, &key("k")), Some(7_u64));
    let stats = stats(&files);
    assert_eq!((stats.hits, stats.misses, stats.corrupt), (1, 2, 0));
}

#[test]
fn deleting_removes_the_file_and_twice_is_fine() {
    let folder = folder();
    let files = open(folder.path());
    set(&files, &key("k"), 1);
    for _ in 0..2 {
        block_on(files.delete(&key("k"))).unwrap();
        assert!(files_in(folder.path()).is_empty());
        assert_eq!(get::<i32>(&files, &key("k")), None);
    }
    assert_eq!(stats(&files).deletes, 2);
}

#[test]
fn many_are_answered_in_order_and_the_last_of_one_key_wins() {
    let folder = folder();
    let files = open(folder.path());
    let [a, b, c] = ["a", "b", "c"].map(key);
    let entries = vec![
        (a.clone(), entry(1)),
        (b.clone(), entry(2)),
        (a.clone(), entry(3)),
    ];
    block_on(files.set_many(entries)).unwrap();
    let asked = [b.clone(), c.clone(), a.clone(), b.clone()];
    let found = block_on(files.get_many(&super::wanting(&asked, ValueType::of::<i32>()))).unwrap();
    let found: Vec<Option<i32>> = found
        .into_iter()
        .map(|lookup| lookup.hit()?.value().copied())
        .collect();
    assert_eq!(found, [Some(2), None, Some(3), Some(2)]);
    block_on(files.delete_many(&[a, c, b])).unwrap();
    assert!(files_in(folder.path()).is_empty());
    assert!(
        block_on(files.get_many(&super::wanting([], ValueType::of::<i32>())))
            .unwrap()
            .is_empty()
    );
    block_on(files.set_many(Vec::new())).unwrap();
    block_on(files.delete_many(&[])).unwrap();
    let stats = stats(&files);
    assert_eq!(
        (stats.writes, stats.hits, stats.misses, stats.deletes),
        (3, 3, 1, 3)
    );
}

#[test]
fn exists_and_ttl_count_nothing_and_ask_no_type() {
    let folder = folder();
    let files = open(folder.path());
    set(&files, &key("k"), 1);
    assert!(exists(&files, &key("k")) && !exists(&files, &key("other")));
    assert!(matches!(
        block_on(files.ttl(&key("k"))).unwrap(),
        TimeLeft::Left(_)
    ));
    let stats = stats(&files);
    assert_eq!((stats.hits, stats.misses, stats.errors), (0, 0, 0));
}

#[test]
fn entries_and_bytes_are_counted_on_the_disk() {
    let folder = folder();
    let files = open(folder.path());
    for i in 0..10 {
        set(&files, &key(&i.to_string()), i);
    }
    let stats = stats(&files);
    let bytes: u64 = files_in(folder.path())
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    assert_eq!((stats.entries, stats.bytes), (Some(10), Some(bytes)));
    assert_eq!(stats.writes, 10);
}

#[test]
fn a_backends_namespace_keeps_it_apart_in_one_folder() {
    let folder = folder();
    let [eu, us] = ["eu", "us"].map(|name| {
        cachestack_backends::FileBackend::builder(folder.path())
            .namespace(name)
            .build()
            .unwrap()
    });
    set(&eu, &key("k"), 1);
    set(&us, &key("k"), 2);
    assert_eq!(
        (get(&eu, &key("k")), get(&us, &key("k"))),
        (Some(1), Some(2))
    );
    block_on(eu.clear(&shop())).unwrap();
    assert_eq!(
        (get::<i32>(&eu, &key("k")), get(&us, &key("k"))),
        (None, Some(2))
    );
    assert!(folder.path().join("us%3Ashop").is_dir());
}

#[test]
fn closing_twice_is_fine() {
    let folder = folder();
    let files = open(folder.path());
    for _ in 0..2 {
        block_on(files.close()).unwrap();
    }
}
