//! Recognises `HashSet`s, which tell serde no more than that they are sequences.

/// Types that serialise as what they hold.
const TRANSPARENT: [&str; 7] = [
    "&mut ",
    "&",
    "alloc::boxed::Box<",
    "alloc::rc::Rc<",
    "alloc::sync::Arc<",
    "alloc::borrow::Cow<",
    // The lifetime of a `Cow`, which not all compilers name.
    "'_, ",
];

const SETS: [&str; 2] = [
    "std::collections::hash::set::HashSet<",
    "hashbrown::set::HashSet<",
];

/// Whether [`std::any::type_name`] tells of a `HashSet`, or of a reference or pointer to one.
pub(super) fn is_set(mut type_name: &str) -> bool {
    while let Some(inner) = TRANSPARENT
        .iter()
        .find_map(|prefix| type_name.strip_prefix(prefix))
    {
        type_name = inner;
    }
    SETS.iter().any(|prefix| type_name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use std::any::type_name;
    use std::borrow::Cow;
    use std::collections::{BTreeSet, HashMap, HashSet};
    use std::rc::Rc;
    use std::sync::Arc;

    use super::is_set;

    #[test]
    fn sets_are_seen_through_references_and_pointers() {
        for name in [
            type_name::<HashSet<u8>>(),
            type_name::<&&mut HashSet<u8>>(),
            type_name::<Box<HashSet<u8>>>(),
            type_name::<Rc<&HashSet<u8>>>(),
            type_name::<Arc<Box<HashSet<u8>>>>(),
            type_name::<Cow<'_, HashSet<u8>>>(),
            "alloc::borrow::Cow<std::collections::hash::set::HashSet<u8>>",
            "&hashbrown::set::HashSet<u8>",
        ] {
            assert!(is_set(name), "{name}");
        }
    }

    #[test]
    fn what_holds_sets_among_others_is_none() {
        for name in [
            type_name::<Vec<HashSet<u8>>>(),
            type_name::<Option<HashSet<u8>>>(),
            type_name::<HashMap<u8, HashSet<u8>>>(),
            type_name::<BTreeSet<u8>>(),
            type_name::<Box<[HashSet<u8>]>>(),
            type_name::<(HashSet<u8>,)>(),
            type_name::<str>(),
        ] {
            assert!(!is_set(name), "{name}");
        }
    }
}
