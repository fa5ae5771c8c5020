//! What keys and generations are called on the servers: printable ASCII without blanks, 250 bytes at most,
//! whatever a key of ours holds. Nothing else of a user's ever stands in a command.

use std::sync::Arc;

use crate::key::{Key, Namespace};
use crate::network::{digest_name, namespace_name};

/// The longest name that is made of the key's own text, in bytes. A server takes 250.
const LONGEST: usize = 200;
/// What the names of generations begin with. No key's name does: in those two digits follow a `%`, or `~`.
const GENERATION: &str = "%generation/";

/// What an entry is called, and the generation that it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) key: String,
    pub(super) generation: Arc<str>,
}

impl Name {
    /// The names of several keys; those of one namespace share its generation's.
    pub(super) fn of_each<'a>(
        keys: impl IntoIterator<Item = &'a Key>,
    ) -> impl Iterator<Item = Self> {
        let mut last: Option<(&'a Namespace, Arc<str>)> = None;
        keys.into_iter().map(move |key| {
            let space = key.namespace();
            let generation = match &last {
                Some((known, name)) if *known == space => Arc::clone(name),
                _ => generation_name(space),
            };
            last = Some((space, Arc::clone(&generation)));
            Self {
                key: key_name(key),
                generation,
            }
        })
    }
}

/// `namespace/key`, or a digest of both where that is too long or not printable.
fn key_name(key: &Key) -> String {
    let space = namespace_name(key.namespace());
    let length = space.len() + 1 + key.text().len();
    if length > LONGEST || !is_printable(&space) || !is_printable(key.text()) {
        return digest_name(&key.stable_digest());
    }
    let mut name = String::with_capacity(length);
    name.push_str(&space);
    name.push('/');
    name.push_str(key.text());
    name
}

pub(super) fn generation_name(namespace: &Namespace) -> Arc<str> {
    let space = namespace_name(namespace);
    let name = match space.len() + GENERATION.len() <= LONGEST && is_printable(&space) {
        true => format!("{GENERATION}{space}"),
        false => {
            let digest = blake3::hash(namespace.prefix().as_bytes());
            format!("{GENERATION}{}", digest_name(digest.as_bytes()))
        }
    };
    name.into()
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn name(key: &Key) -> Name {
        Name::of_each([key]).next().unwrap()
    }

    #[test]
    fn names_never_meet_and_are_printable_and_short() {
        let long = "n".repeat(10_000);
        let edge = "n".repeat(LONGEST - "shop/".len());
        let digest = key_name(&Key::new(&Namespace::new("shop"), "\0"));
        let generation = generation_name(&Namespace::new("shop"));
        let spaces = [
            "",
            "shop",
            "shop2",
            "shop:eu",
            "shop/eu",
            "shop\r\n",
            "läden",
            "%~ab",
            "%generation",
            "n v",
            &long,
        ];
        let texts = [
            "",
            "k",
            "/k",
            "a b",
            "a\r\nflush_all",
            "ä",
            "shop",
            &*long,
            &*edge,
            &*digest,
            &*generation,
        ];
        let mut names = HashSet::new();
        let mut expect_new = |name: &str| {
            assert!(
                name.len() <= LONGEST && !name.is_empty(),
                "{}: {name}",
                name.len()
            );
            assert!(is_printable(name), "{name:?}");
            assert!(names.insert(name.to_owned()), "two things called {name}");
        };
        for space in spaces.map(Namespace::new) {
            expect_new(&generation_name(&space));
            for text in texts {
                expect_new(&name(&Key::new(&space, text)).key);
            }
        }
    }

    #[test]
    fn short_names_can_be_read() {
        let key = Key::new(&Namespace::new("shop"), "user:42");
        let short = name(&key);
        assert_eq!(
            (&*short.key, &*short.generation),
            ("shop/user:42", "%generation/shop")
        );
        let bare = name(&Key::new(&Namespace::default(), ""));
        assert_eq!((&*bare.key, &*bare.generation), ("/", "%generation/"));
        let names: Vec<Name> = Name::of_each([&key, &key]).collect();
        assert!(Arc::ptr_eq(&names[0].generation, &names[1].generation));
    }
}
