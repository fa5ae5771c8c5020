//! Disks that are full, read-only, or not what they should be.

use std::error::Error as _;
use std::fs;
use std::io;
use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use cachestack_backends::{Backend, Error, ErrorKind, FileBackend};

use super::{
    block_on, entry, exists, files_in, folder, get, key, open, place, set, stats, temps_in, text,
};

pub(super) fn assert_unavailable(error: &Error, words: &str) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.is_retryable());
    assert_eq!(error.backend(), Some("file"));
    assert!(error.key().is_some());
    assert!(error.message().contains(words), "{error}");
    let source = error.source().expect("the disk's own error is the source");
    assert!(source.is::<io::Error>(), "{source:?}");
}

/// A disk of its own, where this user may have one.
#[cfg(target_os = "linux")]
struct Disk(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Disk {
    fn mount(at: &Path, options: &str) -> Option<Self> {
        let arguments = ["-t", "tmpfs", "-o", options, "tmpfs"];
        let mounted = Command::new("mount").args(arguments).arg(at).output();
        mounted
            .is_ok_and(|run| run.status.success())
            .then(|| Self(at.into()))
    }

    fn make_read_only(&self) {
        let arguments = ["-o", "remount,ro"];
        let remounted = Command::new("mount").args(arguments).arg(&self.0).status();
        assert!(remounted.unwrap().success());
    }
}

#[cfg(target_os = "linux")]
impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// Fills a disk that has room for 64 KiB at most.
pub(super) fn fill(directory: &Path) {
    let files = open(directory);
    set(&files, &key("k"), String::from("old"));
    let error = block_on(files.set(&key("k"), entry(vec![1_u8; 200_000]))).unwrap_err();
    assert_unavailable(&error, "max_bytes");
    assert!(temps_in(directory).is_empty());
    assert_eq!(text(&files, &key("k")).unwrap(), "old");
    let many = vec![
        (key("a"), entry(1_u8)),
        (key("b"), entry(vec![1_u8; 200_000])),
        (key("c"), entry(2_u8)),
    ];
    let error = block_on(files.set_many(many)).unwrap_err();
    assert_unavailable(&error, "max_bytes");
    assert_eq!(
        (get(&files, &key("a")), get(&files, &key("c"))),
        (Some(1_u8), Some(2_u8))
    );
    assert_eq!(stats(&files).errors, 2);
    block_on(files.delete(&key("k"))).unwrap();
    set(&files, &key("k"), String::from("new"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_clear_error_and_the_old_value_stays() {
    let folder = folder();
    match Disk::mount(folder.path(), "size=64k") {
        Some(disk) => fill(&disk.0),
        // The same failure of the same call, for who may not mount.
        None => fill_beyond_the_size_of_files(),
    }
}

#[test]
#[cfg(unix)]
fn a_limit_on_the_size_of_files_is_a_clear_error_and_the_old_value_stays() {
    fill_beyond_the_size_of_files();
}

#[cfg(unix)]
fn fill_beyond_the_size_of_files() {
    let folder = folder();
    let (program, arguments) = super::processes::child();
    // The limit's signal would end the process; the error is what is wanted.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"])
        .arg(program)
        .args(arguments)
        .env("CACHESTACK_FILE_ROLE", "fill")
        .env("CACHESTACK_FILE_DIRECTORY", folder.path())
        .output()
        .unwrap();
    assert!(limited.status.success(), "{limited:?}");
    assert_eq!(
        files_in(folder.path()).len(),
        3,
        "the child did what it should"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_read_only_disk_is_a_clear_error_and_is_still_read() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let disk = Disk::mount(folder.path(), "size=1m");
    let files = open(folder.path());
    set(&files, &key("k"), String::from("old"));
    super::plant_ended(folder.path(), &key("ended"));
    let torn = place(folder.path(), &key("torn"));
    fs::create_dir_all(torn.parent().unwrap()).unwrap();
    fs::write(&torn, "").unwrap();
    let folders = [
        place(folder.path(), &key("k")),
        place(folder.path(), &key("ended")),
        torn.clone(),
    ]
    .map(|path| path.parent().unwrap().to_owned());
    match &disk {
        Some(disk) => disk.make_read_only(),
        None => folders.iter().for_each(|folder| mode(folder, 0o500)),
    }
    // Who is root and may not mount writes everywhere; the next test is for them.
    let writable = fs::write(folders[0].join("probe"), "").is_ok();
    if !writable {
        let error = block_on(files.set(&key("k"), entry(1))).unwrap_err();
        assert_unavailable(&error, "change `directory`");
        let error = block_on(files.delete(&key("k"))).unwrap_err();
        assert_unavailable(&error, "change `directory`");
        assert!(temps_in(folder.path()).is_empty());
        assert_eq!(text(&files, &key("k")).unwrap(), "old");
        // What should be freed cannot be, which is counted and still a miss.
        assert_eq!(text(&files, &key("ended")), None);
        assert_eq!(text(&files, &key("torn")), None);
        let seen = stats(&files);
        assert_eq!((seen.errors, seen.misses, seen.expirations), (4, 2, 0));
        assert!(torn.exists());
    }
    if disk.is_none() {
        folders.iter().for_each(|folder| mode(folder, 0o700));
    }
}

#[test]
fn a_file_in_the_way_of_a_folder_is_a_clear_error_and_a_miss() {
    let folder = folder();
    let files = open(folder.path());
    let shard = place(folder.path(), &key("k")).parent().unwrap().to_owned();
    fs::create_dir_all(shard.parent().unwrap()).unwrap();
    fs::write(&shard, "mine").unwrap();
    let error = block_on(files.set(&key("k"), entry(1))).unwrap_err();
    assert_unavailable(&error, "move it elsewhere");
    assert_eq!(get::<i32>(&files, &key("k")), None);
    assert!(!exists(&files, &key("k")));
    block_on(files.delete(&key("k"))).unwrap();
    block_on(files.clear(key("k").namespace())).unwrap();
    assert_eq!(fs::read_to_string(&shard).unwrap(), "mine");
    assert_eq!(stats(&files).errors, 1);
}

#[test]
fn a_folder_in_the_way_of_an_entry_is_a_clear_error_and_leaves_no_temporary_file() {
    let folder = folder();
    let files = open(folder.path());
    let path = place(folder.path(), &key("k"));
    fs::create_dir_all(path.join("mine")).unwrap();
    let error = block_on(files.set(&key("k"), entry(1))).unwrap_err();
    assert_unavailable(&error, "move it elsewhere");
    assert!(temps_in(folder.path()).is_empty());
    assert!(path.join("mine").is_dir());
}

#[test]
fn a_silent_store_never_fails_and_still_counts() {
    let folder = folder();
    let files = FileBackend::builder(folder.path())
        .silent(true)
        .build()
        .unwrap();
    fs::write(folder.path().join("shop"), "mine").unwrap();
    block_on(files.set(&key("k"), entry(1))).unwrap();
    block_on(files.set_many(vec![(key("k"), entry(1))])).unwrap();
    assert_eq!(get::<i32>(&files, &key("k")), None);
    let seen = stats(&files);
    assert_eq!((seen.errors, seen.misses, seen.writes), (2, 1, 0));
}

#[test]
fn a_value_that_the_codec_cannot_carry_is_an_error_and_the_old_value_stays() {
    let folder = folder();
    let files = open(folder.path());
    set(&files, &key("k"), String::from("old"));
    let value = serde_json::json!({"any": "thing"});
    let error = block_on(files.set(&key("k"), entry(value))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Serialization, "{error}");
    assert_eq!(text(&files, &key("k")).unwrap(), "old");
    assert_eq!(files_in(folder.path()).len(), 1);
}
