//! Settings that must be a table. Something else in their place may be an address with a password in it, which
//! no error repeats.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A `C` from a table, and from nothing else.
#[derive(Debug)]
pub struct Table<C>(pub C);

impl<'de, C: Deserialize<'de>> Deserialize<'de> for Table<C> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Only(PhantomData)).map(Self)
    }
}

/// `#[serde(deserialize_with = "table::optional")]` for settings that may be left out.
///
/// # Errors
/// The deserializer's; a text in place of the table is not repeated.
pub fn optional<'de, D: Deserializer<'de>, C: Deserialize<'de>>(
    from: D,
) -> Result<Option<C>, D::Error> {
    let found = Option::<Table<C>>::deserialize(from)?;
    Ok(found.map(|Table(settings)| settings))
}

struct Only<C>(PhantomData<C>);

impl<'de, C: Deserialize<'de>> Visitor<'de> for Only<C> {
    type Value = C;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of settings, such as `dsn = \"...\"` in it")
    }

    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<C, A::Error> {
        C::deserialize(MapAccessDeserializer::new(from))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<C, E> {
        Err(E::custom(
            "a text stands where a table of settings should, such as `dsn = \"...\"` in it",
        ))
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<C, E> {
        self.visit_str("")
    }
}
