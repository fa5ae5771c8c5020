//! `max_bytes`.

use std::fs;
use std::time::Duration;

use cachestack_backends::{Backend, ErrorKind, FileBackend, Key, Namespace};

use super::{age, block_on, entry, exists, files_in, folder, get, key, place, set, stats};

const KIB: u64 = 1 << 10;

fn value() -> Vec<u8> {
    vec![7; KIB as usize]
}

fn bounded(directory: &std::path::Path, max_bytes: u64) -> FileBackend {
    FileBackend::builder(directory)
        .max_bytes(max_bytes)
        .build()
        .unwrap()
}

fn bytes_in(directory: &std::path::Path) -> u64 {
    let files = files_in(directory);
    files
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum()
}

#[test]
fn beyond_the_limit_what_was_written_longest_ago_goes_until_there_is_a_tenth_free() {
    let folder = folder();
    let files = bounded(folder.path(), 100 * KIB);
    let keys: Vec<Key> = (0..300).map(|i| key(&i.to_string())).collect();
    let mut last = 0;
    for (index, key) in keys.iter().enumerate() {
        set(&files, key, value());
        // The coarse times of some file systems would not tell them apart.
        age(
            &place(folder.path(), key),
            Duration::from_secs(1_000 - index as u64),
        );
        let bytes = bytes_in(folder.path());
        assert!(bytes <= 100 * KIB, "{bytes} after {index}");
        assert!(bytes > last || bytes < 90 * KIB, "{bytes} after {last}");
        last = bytes;
        assert!(exists(&files, key), "the newest stays");
    }
    let kept: Vec<bool> = keys.iter().map(|key| exists(&files, key)).collect();
    let first = kept.iter().position(|&kept| kept).unwrap();
    assert!(
        kept[first..].iter().all(|&kept| kept),
        "the oldest went first"
    );
    assert_eq!(stats(&files).evictions, first as u64);
    assert_eq!(stats(&files).max_bytes, Some(100 * KIB));
}

#[test]
fn writing_over_a_few_keys_evicts_nothing() {
    let folder = folder();
    let files = bounded(folder.path(), 20 * KIB);
    for round in 0..20 {
        for i in 0..10 {
            set(&files, &key(&i.to_string()), value());
        }
        assert_eq!(stats(&files).evictions, 0, "in round {round}");
    }
    assert_eq!(stats(&files).entries, Some(10));
}

#[test]
fn an_entry_larger_than_the_limit_is_refused_and_leaves_nothing() {
    let folder = folder();
    let files = bounded(folder.path(), 4 * KIB);
    set(&files, &key("k"), String::from("small"));
    set(&files, &key("other"), String::from("small"));
    let error = block_on(files.set(&key("k"), entry(vec![0_u8; 5 << 10]))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(error.message().contains("max_bytes = 4096"), "{error}");
    assert!(!exists(&files, &key("k")));
    assert!(exists(&files, &key("other")));
    assert_eq!(files_in(folder.path()).len(), 1);
    // One that takes more than 90 % by itself still has its place.
    set(&files, &key("large"), vec![0_u8; 3_800]);
    assert!(get::<Vec<u8>>(&files, &key("large")).is_some());
}

#[test]
fn all_namespaces_and_earlier_runs_count_and_foreign_files_do_not() {
    let folder = folder();
    let open = || bounded(folder.path(), 20 * KIB);
    let old = Key::new(&Namespace::new("old"), "k");
    set(&open(), &old, value());
    age(&place(folder.path(), &old), Duration::from_secs(1_000));
    let photo = place(folder.path(), &old).with_file_name("cat.jpg");
    fs::write(&photo, vec![0; 40 << 10]).unwrap();

    let files = open();
    for i in 0..10 {
        set(&files, &key(&i.to_string()), value());
    }
    assert!(exists(&files, &old), "there is room without the photo");
    for i in 10..20 {
        set(&files, &key(&i.to_string()), value());
    }
    assert!(!exists(&files, &old));
    assert!(photo.exists());
}
