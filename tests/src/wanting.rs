//! Several keys as a store is asked for them.

use cachestack::{Key, ValueType};

/// Those keys, each to be looked up as that type.
pub fn wanting(
    keys: impl AsRef<[Key]>,
    value_type: &'static ValueType,
) -> Vec<(Key, &'static ValueType)> {
    let wanted = keys.as_ref().iter().map(|key| (key.clone(), value_type));
    wanted.collect()
}
