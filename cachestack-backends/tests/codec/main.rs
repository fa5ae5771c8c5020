//! How values become bytes: what each codec carries and refuses, and what the envelope notices.
#![cfg(all(feature = "json", feature = "msgpack"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod custom;
mod envelope;
mod refusals;
mod round_trips;

use cachestack_backends::{
    CacheValue, Clock, Codec, Entry, Key, Lookup, Namespace, Rejected, ValueType,
};

fn codecs() -> [Codec; 3] {
    [Codec::Postcard, Codec::Json, Codec::Msgpack]
}

fn key(text: &str) -> Key {
    Key::new(&Namespace::new("shop"), text)
}

fn sealed<T: CacheValue>(codec: &Codec, value: T) -> Vec<u8> {
    let clock = Clock::system();
    let entry = Entry::new(value, clock.now());
    codec.seal(&key("k"), &entry, &clock).unwrap().to_bytes()
}

fn opened<T: CacheValue>(codec: &Codec, bytes: &[u8]) -> Result<Lookup, Rejected> {
    codec.open(&key("k"), bytes, ValueType::of::<T>(), &Clock::system())
}

fn read<T: CacheValue>(codec: &Codec, bytes: &[u8]) -> Option<T> {
    let entry = opened::<T>(codec, bytes).ok()?.hit()?;
    entry.value::<T>().cloned()
}
