//! The text of keys, through the public API alone.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "keys/behaviour.rs"]
mod behaviour;
#[path = "keys/errors.rs"]
mod errors;
#[path = "keys/near.rs"]
mod near;
#[path = "keys/node.rs"]
mod node;
#[path = "keys/pinned.rs"]
mod pinned;
#[path = "keys/properties.rs"]
mod properties;
#[path = "keys/read.rs"]
mod read;
#[path = "keys/strategies.rs"]
mod strategies;

use cachestack_backends::KeyWriter;
use serde::Serialize;

/// The canonical text of one value.
fn key<T: Serialize + ?Sized>(value: &T) -> String {
    let mut writer = KeyWriter::function("");
    writer.argument(value);
    let text = writer.finish().unwrap().into_string();
    text.strip_prefix('(')
        .unwrap()
        .strip_suffix(')')
        .unwrap()
        .to_owned()
}
