//! The file store, through the public API alone.

#![cfg(feature = "file")]
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "file/config.rs"]
mod config;
#[path = "file/contract.rs"]
mod contract;
#[path = "file/damage.rs"]
mod damage;
#[path = "file/faults.rs"]
mod faults;
#[path = "file/folders.rs"]
mod folders;
#[path = "file/jobs.rs"]
mod jobs;
#[path = "file/processes.rs"]
mod processes;
#[path = "file/room.rs"]
mod room;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use cachestack_backends::runtime::block_on;
use cachestack_backends::{
    Backend, CacheValue, Clock, Codec, Entry, FileBackend, Key, Lookup, Namespace, Stats, ValueType,
};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(directory: &Path) -> FileBackend {
    FileBackend::builder(directory).build().unwrap()
}

fn shop() -> Namespace {
    Namespace::new("shop")
}

fn key(text: &str) -> Key {
    Key::new(&shop(), text)
}

fn entry<T: CacheValue>(value: T) -> Entry {
    Entry::new(value, Clock::system().now())
}

fn lasting<T: CacheValue>(value: T, time: Duration) -> Entry {
    let now = Clock::system().now();
    Entry::new(value, now).expiring(now.checked_add(time))
}

fn set<T: CacheValue>(files: &FileBackend, key: &Key, value: T) {
    block_on(files.set(key, entry(value))).unwrap();
}

fn look<T: CacheValue>(files: &FileBackend, key: &Key) -> Lookup {
    block_on(files.get(key, ValueType::of::<T>())).unwrap()
}

fn get<T: CacheValue>(files: &FileBackend, key: &Key) -> Option<T> {
    let entry = look::<T>(files, key).hit()?;
    Some(entry.value::<T>().expect("a hit is of the type").clone())
}

fn text(files: &FileBackend, key: &Key) -> Option<String> {
    get(files, key)
}

fn exists(files: &FileBackend, key: &Key) -> bool {
    block_on(files.exists(key)).unwrap()
}

fn stats(files: &FileBackend) -> Stats {
    block_on(files.stats()).unwrap()
}

/// Where a key's entry is, for namespaces whose folder has their own name.
fn place(directory: &Path, key: &Key) -> PathBuf {
    let digits: String = key
        .stable_digest()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let namespace = match key.namespace().as_str() {
        "" => "%none",
        name => name,
    };
    let (shard, name) = digits.split_at(2);
    directory
        .join(namespace)
        .join(shard)
        .join(format!("{name}.entry"))
}

/// A name that half-written files of that entry have.
fn temp_of(place: &Path) -> PathBuf {
    let digits = place.file_stem().unwrap().to_str().unwrap();
    place.with_file_name(format!(".tmp-{digits}-aB3xYz"))
}

/// Every file under a folder.
fn files_in(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.symlink_metadata().unwrap().is_dir() {
            true => files.extend(files_in(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

fn temps_in(directory: &Path) -> Vec<PathBuf> {
    let mut files = files_in(directory);
    files.retain(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(".tmp-")
    });
    files
}

/// Puts an entry in place whose time has come, as a process of yesterday left it.
fn plant_ended(directory: &Path, key: &Key) {
    let clock = Clock::system();
    let now = clock.now();
    let ended = Entry::new(String::from("ended"), now).expiring(Some(now));
    let sealed = Codec::Postcard.seal(key, &ended, &clock).unwrap();
    let place = place(directory, key);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, sealed.to_bytes()).unwrap();
    // The end is written to the millisecond, rounded up.
    std::thread::sleep(Duration::from_millis(2));
}

/// Makes a file as old as that.
fn age(path: &Path, by: Duration) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - by).unwrap();
}

/// Waits for what happens in the background.
fn eventually(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "not yet: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Those keys, each to be looked up as that type.
fn wanting(
    keys: impl AsRef<[Key]>,
    value_type: &'static ValueType,
) -> Vec<(Key, &'static ValueType)> {
    let wanted = keys.as_ref().iter().map(|key| (key.clone(), value_type));
    wanted.collect()
}
