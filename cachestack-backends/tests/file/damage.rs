//! Files that are not what they should be.

use std::fs;
use std::path::Path;

use cachestack_backends::{Backend, Clock, Codec};

use super::{block_on, entry, exists, folder, key, look, open, place, set, stats, text};

#[test]
fn a_file_of_ours_that_is_cut_or_changed_anywhere_is_a_counted_miss_and_removed() {
    let folder = folder();
    let files = open(folder.path());
    let path = place(folder.path(), &key("k"));
    set(&files, &key("k"), String::from("value"));
    let whole = fs::read(&path).unwrap();
    let cuts = (0..whole.len()).map(|at| whole[..at].to_vec());
    // Within the magic a change makes the file someone else's; see below.
    let flips = ("cachestack/".len()..whole.len()).map(|at| {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        flipped
    });
    let longer = [&whole[..], b"\n"].concat();
    for (count, bytes) in cuts.chain(flips).chain([longer]).enumerate() {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(text(&files, &key("k")), None);
        let seen = stats(&files);
        // A changed version makes it the file of another release, which stays.
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap();
        let other_release =
            line.len() < bytes.len() && !line.starts_with(b"cachestack/1 ") && !bytes.is_empty();
        assert_eq!(
            path.exists(),
            other_release,
            "{}",
            String::from_utf8_lossy(&bytes)
        );
        assert_eq!(seen.misses, count as u64 + 1);
        assert_eq!(seen.errors, 0);
    }
    assert!(stats(&files).corrupt > 0);
    set(&files, &key("k"), String::from("again"));
    assert_eq!(text(&files, &key("k")).unwrap(), "again");
}

#[test]
fn what_a_crash_leaves_of_a_file_is_removed() {
    let folder = folder();
    let files = open(folder.path());
    let path = place(folder.path(), &key("k"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for torn in [&b""[..], &[0; 5], &[0; 10_000], b"cache"] {
        fs::write(&path, torn).unwrap();
        assert!(!exists(&files, &key("k")));
        assert_eq!(text(&files, &key("k")), None);
        assert!(!path.exists());
    }
    assert_eq!(stats(&files).corrupt, 4);
}

#[test]
fn a_large_file_that_is_torn_is_a_miss_and_removed() {
    let folder = folder();
    let files = open(folder.path());
    let path = place(folder.path(), &key("k"));
    for length in [100, 8 << 10, 100_000] {
        set(&files, &key("k"), vec![7_u8; 300_000]);
        assert!(exists(&files, &key("k")));
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(length).unwrap();
        assert!(!exists(&files, &key("k")));
        assert!(!look::<Vec<u8>>(&files, &key("k")).is_hit());
        assert!(!path.exists());
    }
}

/// Foreign content in the place of an entry, by name.
fn foreign(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "my notes, not a cache").unwrap();
}

#[test]
fn a_file_that_does_not_begin_as_ours_is_a_counted_miss_and_never_touched() {
    let folder = folder();
    let files = open(folder.path());
    let path = place(folder.path(), &key("k"));
    foreign(&path);
    assert_eq!(text(&files, &key("k")), None);
    assert!(!exists(&files, &key("k")));
    block_on(files.clear(key("k").namespace())).unwrap();
    assert_eq!(
        block_on(files.purge_expired(key("k").namespace())).unwrap(),
        0
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "my notes, not a cache");
    let seen = stats(&files);
    assert_eq!((seen.corrupt, seen.misses, seen.errors), (1, 1, 0));
}

#[test]
fn an_entry_of_another_release_or_codec_is_a_miss_and_stays() {
    let folder = folder();
    let files = open(folder.path());
    let path = place(folder.path(), &key("k"));
    set(&files, &key("k"), String::from("value"));
    let ours = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    for other in [
        ours.replacen("cachestack/1", "cachestack/2", 1),
        ours.replacen("cachestack/1", "cachestack/1.5", 1),
    ] {
        fs::write(&path, &other).unwrap();
        assert_eq!(text(&files, &key("k")), None);
        assert!(!exists(&files, &key("k")));
        block_on(files.purge_expired(key("k").namespace())).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), other);
    }
    assert_eq!(stats(&files).corrupt, 0);
}

#[test]
#[cfg(feature = "json")]
fn an_entry_by_another_codec_is_a_miss_and_stays() {
    let folder = folder();
    let json = cachestack_backends::FileBackend::builder(folder.path())
        .serializer(Codec::Json)
        .build()
        .unwrap();
    set(&json, &key("k"), String::from("value"));
    let files = open(folder.path());
    assert_eq!(text(&files, &key("k")), None);
    assert_eq!(text(&json, &key("k")).unwrap(), "value");
}

#[test]
fn the_entry_of_another_key_under_this_name_is_a_miss() {
    let folder = folder();
    let files = open(folder.path());
    let path = place(folder.path(), &key("k"));
    let sealed = Codec::Postcard
        .seal(
            &key("other"),
            &entry(String::from("value")),
            &Clock::system(),
        )
        .unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, sealed.to_bytes()).unwrap();
    assert_eq!(text(&files, &key("k")), None);
    assert!(!exists(&files, &key("k")));
    assert!(path.exists());
}

#[test]
#[cfg(unix)]
fn folders_links_and_pipes_in_an_entrys_place_are_misses_and_stay() {
    let folder = folder();
    let files = open(folder.path());
    let elsewhere = folder.path().join("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    let [directory, link, pipe] =
        ["folder", "link", "pipe"].map(|name| place(folder.path(), &key(name)));
    for path in [&directory, &link, &pipe] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
    }
    fs::create_dir(&directory).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let before = super::files_in(folder.path());
    for name in ["folder", "link", "pipe"] {
        assert_eq!(text(&files, &key(name)), None, "{name}");
        assert!(!exists(&files, &key(name)), "{name}");
    }
    block_on(files.clear(key("").namespace())).unwrap();
    block_on(files.purge_expired(key("").namespace())).unwrap();
    assert_eq!(super::files_in(folder.path()), before);
    assert!(directory.is_dir());
    assert_eq!(stats(&files).corrupt, 3);
}

#[test]
fn a_sparse_file_of_a_terabyte_is_not_read() {
    let folder = folder();
    let files = open(folder.path());
    let path = place(folder.path(), &key("k"));
    set(&files, &key("k"), String::from("value"));
    let file = fs::File::options().write(true).open(&path).unwrap();
    // Not every file system has room for such a hole; then there is nothing to read either.
    if file.set_len(1 << 40).is_ok() {
        assert_eq!(text(&files, &key("k")), None);
        assert!(!path.exists());
    }
}
