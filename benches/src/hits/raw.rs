//! `quick_cache` alone, without a ttl: the key's text is written on the stack and looked up as it lies there.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::body::User;
use crate::keys::{KEYS, texts};

/// As long as the path of a function.
const PATH: &[u8; 20] = b"benches::hits::path:";

/// A key's text on the stack.
struct Text {
    bytes: [u8; 64],
    length: usize,
}

impl Text {
    fn new() -> Self {
        Self {
            bytes: [0; 64],
            length: 0,
        }
    }

    #[inline]
    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    #[inline]
    fn push_number(&mut self, number: u64) {
        self.push(itoa::Buffer::new().format(number).as_bytes());
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The values under those keys, looked up by them.
fn by_text<V: Clone>(
    keys: usize,
    write: impl Fn(&mut Text, usize),
    value: impl Fn(usize) -> V,
) -> impl Fn(usize) -> V {
    let cache: Cache<Box<[u8]>, V> = Cache::new(keys * 2);
    for number in 0..keys {
        let mut key = Text::new();
        write(&mut key, number);
        cache.insert(key.as_bytes().into(), value(number));
    }
    move |number| {
        let mut key = Text::new();
        write(&mut key, number);
        cache.get(key.as_bytes()).expect("what was inserted")
    }
}

pub fn double() -> impl Fn(usize) -> u64 {
    double_of(KEYS)
}

/// The same with so many keys.
pub fn double_of(keys: usize) -> impl Fn(usize) -> u64 {
    by_text(keys, write_number, |number| number as u64 * 2)
}

fn write_number(key: &mut Text, number: usize) {
    key.push(PATH);
    key.push_number(number as u64);
}

/// Stores what is not there yet, in a map with so much room.
pub fn insert(room: usize) -> impl Fn(usize) {
    let cache: Cache<Box<[u8]>, u64> = Cache::new(room);
    move |number| {
        let mut key = Text::new();
        write_number(&mut key, number);
        cache.insert(key.as_bytes().into(), number as u64 * 2);
    }
}

/// Stores one, and removes it.
pub fn insert_and_remove() -> (impl Fn(usize), impl Fn(usize)) {
    let cache = Arc::new(Cache::<Box<[u8]>, u64>::new(KEYS * 2));
    let same = Arc::clone(&cache);
    let insert = move |number| {
        let mut key = Text::new();
        write_number(&mut key, number);
        cache.insert(key.as_bytes().into(), number as u64 * 2);
    };
    let remove = move |number| {
        let mut key = Text::new();
        write_number(&mut key, number);
        assert!(same.remove(key.as_bytes()).is_some());
    };
    (insert, remove)
}

pub fn by_template() -> impl Fn(usize) -> u64 {
    let write = |key: &mut Text, number| {
        key.push(b"user:");
        key.push_number(number as u64);
    };
    by_text(KEYS, write, |number| number as u64 * 2)
}

pub fn double_by_number() -> impl Fn(usize) -> u64 {
    let cache: Cache<u64, u64> = Cache::new(KEYS * 2);
    (0..KEYS as u64).for_each(|number| cache.insert(number, number * 2));
    move |number| cache.get(&(number as u64)).expect("what was inserted")
}

fn user_of(number: usize) -> User {
    User {
        name: texts()[number].clone(),
        tags: vec!["admin".to_owned(), "on leave".to_owned()],
    }
}

fn write_user(key: &mut Text, number: usize) {
    key.push(PATH);
    key.push(texts()[number].as_bytes());
}

pub fn user() -> impl Fn(usize) -> User {
    by_text(KEYS, write_user, user_of)
}

pub fn shared_user() -> impl Fn(usize) -> Arc<User> {
    by_text(KEYS, write_user, |number| Arc::new(user_of(number)))
}

pub fn shared_by_two() -> impl Fn(usize) -> Arc<User> {
    let write = |key: &mut Text, number| {
        write_user(key, number);
        key.push(b":");
        key.push_number(3);
    };
    by_text(KEYS, write, |number| Arc::new(user_of(number)))
}

/// By the argument as it comes.
pub fn shared_user_by_text() -> impl Fn(usize) -> Arc<User> {
    let (cache, texts) = (Cache::<Box<str>, Arc<User>>::new(KEYS * 2), texts());
    for (number, text) in texts.iter().enumerate() {
        cache.insert(text.as_str().into(), Arc::new(user_of(number)));
    }
    move |number| {
        cache
            .get(texts[number].as_str())
            .expect("what was inserted")
    }
}
