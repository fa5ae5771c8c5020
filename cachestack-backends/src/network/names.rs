//! What keys and namespaces are called on a server.

use std::borrow::Cow;
use std::fmt::Write;

#[cfg(any(feature = "redis", feature = "postgres"))]
use crate::key::Key;
use crate::key::Namespace;

/// The longest text of a key that is stored as it is, in bytes.
#[cfg(any(feature = "redis", feature = "postgres"))]
pub(crate) const LONGEST_KEY: usize = 1024;
/// The longest name of a namespace that is stored as it is, in bytes.
const LONGEST_NAMESPACE: usize = 255;
/// What the name of something that cannot be stored as it is begins with. No namespace's prefix has it: in
/// those a `%` stands before two digits.
const DIGEST: &str = "%~";

/// What the keys of a namespace have in front of their `/`: its name, with `%`, `/` and control characters
/// escaped, or a digest of it where that is longer than 255 bytes.
pub(crate) fn namespace_name(namespace: &Namespace) -> Cow<'_, str> {
    let prefix = namespace.prefix();
    let name = &prefix[..prefix.len() - 1];
    match name.len() <= LONGEST_NAMESPACE {
        true => Cow::Borrowed(name),
        false => Cow::Owned(digest_name(blake3::hash(name.as_bytes()).as_bytes())),
    }
}

/// What a key is called within its namespace: its text, or a digest where that is longer than 1 KiB, or
/// holds a NUL, which some stores cannot. Nothing else is called like a digest.
#[cfg(any(feature = "redis", feature = "postgres"))]
pub(crate) fn key_name(key: &Key) -> Cow<'_, str> {
    let text = key.text();
    match text.len() > LONGEST_KEY || text.contains('\0') || text.starts_with(DIGEST) {
        true => Cow::Owned(digest_name(&key.stable_digest())),
        false => Cow::Borrowed(text),
    }
}

/// `%~` and the digest in hexadecimal digits.
pub(crate) fn digest_name(digest: &[u8; 32]) -> String {
    let mut name = String::with_capacity(DIGEST.len() + 64);
    name.push_str(DIGEST);
    for byte in digest {
        // Writing into a string cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(all(test, any(feature = "redis", feature = "postgres")))]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_never_meet_and_are_short() {
        let long = "n".repeat(10_000);
        let digest = key_name(&Key::new(&Namespace::new("shop"), "\0")).into_owned();
        let spaces = ["", "shop", "shop2", "shop:eu", "shop/eu", "%~ab", &*long];
        let texts = ["", "k", "/k", "a\0b", "%~ab", &*long, &*digest];
        let mut names = HashSet::new();
        for space in spaces.map(Namespace::new) {
            for text in texts {
                let key = Key::new(&space, text);
                let name = format!("{}/{}", namespace_name(&space), key_name(&key));
                assert!(name.len() <= LONGEST_NAMESPACE + 1 + LONGEST_KEY);
                assert!(!name.contains('\0'));
                assert!(names.insert(name), "two keys with one name: {key:?}");
            }
        }
    }
}
