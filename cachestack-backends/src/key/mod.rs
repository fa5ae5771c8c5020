//! What names an entry: a namespace and a text.
//!
//! The text comes from [`KeyWriter`] (a function's identity and its arguments, or a template) or from
//! the user's hand. Inside a process a key is also known by its [`KeyDigest`]; a store that cannot hold
//! a text as it is names the entry by [`Key::stable_digest`] and keeps the full key beside the value.

mod kept;
mod namespace;
mod writer;

use std::fmt;
use std::sync::Arc;

use self::kept::KeptText;
pub use self::namespace::{Head, Namespace};
pub use self::writer::{KeyError, KeyText, KeyWriter};

/// A 128-bit digest of a key, keyed with random numbers of this process (SipHash-1-3).
///
/// Equal keys have equal digests within one process; nobody who does not know the process's random
/// key can choose two different keys with one digest. It means nothing to another process.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyDigest(pub(crate) u128);

impl KeyDigest {
    /// Both halves, the lower first.
    #[doc(hidden)]
    pub fn halves(self) -> [u64; 2] {
        [self.0 as u64, (self.0 >> 64) as u64]
    }

    /// The lower half, as good as a hash for tables.
    #[inline]
    pub fn low(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", (self.0 >> 96) as u32)
    }
}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyDigest({self})")
    }
}

/// The full name of an entry; cheap to clone.
///
/// `Debug` shows the digest, never the text: keys often hold what should not be in a log.
///
/// ```
/// use cachestack_backends::{Key, Namespace};
///
/// let key = Key::new(&Namespace::new("shop"), "user:42");
/// assert_eq!(key.text(), "user:42");
/// assert_eq!(key.stored(), "shop/user:42");
/// ```
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    namespace: Namespace,
    text: KeptText,
    digest: KeyDigest,
}

impl Key {
    /// The key of `text` in `namespace`. Any text is allowed: empty, with newlines, of any length.
    pub fn new(namespace: &Namespace, text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let digest = namespace.digest(text);
        Self::of(namespace, KeptText::new(text), digest)
    }

    /// The key of a text, which may go on with what was just written, where the digest has been made already by
    /// [`Namespace::digest`] of the same text.
    #[doc(hidden)]
    pub fn with_digest(
        namespace: &Namespace,
        (head, rest): (&str, Option<&KeyText>),
        digest: KeyDigest,
    ) -> Self {
        let text = KeptText::joined(head, rest);
        debug_assert_eq!(digest, namespace.digest(text.as_str()));
        Self::of(namespace, text, digest)
    }

    fn of(namespace: &Namespace, text: KeptText, digest: KeyDigest) -> Self {
        let namespace = namespace.clone();
        Self(Arc::new(Inner {
            namespace,
            text,
            digest,
        }))
    }

    /// The namespace it is in.
    pub fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }

    /// The text within the namespace.
    pub fn text(&self) -> &str {
        self.0.text.as_str()
    }

    /// The digest that memory looks up by.
    #[inline]
    pub fn digest(&self) -> KeyDigest {
        self.0.digest
    }

    /// The key as one text for stores that keep texts: [`Namespace::prefix`], then the text. Two
    /// different keys never give the same.
    pub fn stored(&self) -> String {
        let prefix = self.0.namespace.prefix();
        let mut stored = String::with_capacity(prefix.len() + self.text().len());
        stored.push_str(prefix);
        stored.push_str(self.text());
        stored
    }

    /// The 256-bit digest (blake3) of [`stored`](Self::stored), the same in every process.
    pub fn stable_digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.0.namespace.prefix().as_bytes());
        hasher.update(self.0.text.as_str().as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// The same text with `outer` joined in front of the namespace, as a backend with a namespace of
    /// its own does.
    #[must_use]
    pub fn within(&self, outer: &Namespace) -> Self {
        if outer.is_empty() {
            return self.clone();
        }
        Self::new(&outer.join(&self.0.namespace), self.text())
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.digest == other.0.digest
                && self.0.text.as_str() == other.0.text.as_str()
                && self.0.namespace == other.0.namespace)
    }
}

impl Eq for Key {}

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.digest.hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}{})", self.0.namespace.prefix(), self.0.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_different_namespaces_differ_in_every_form() {
        let spaces = ["", "shop", "shop2", "shop:eu", "shop/", "shop%2F"].map(Namespace::new);
        let texts = ["", "k", "/k", "eu/k", ":eu/k", "2/k"];
        let keys: Vec<Key> = spaces
            .iter()
            .flat_map(|space| texts.map(|text| Key::new(space, text)))
            .collect();
        for (i, a) in keys.iter().enumerate() {
            for b in &keys[i + 1..] {
                assert_ne!(a, b);
                assert_ne!(a.digest(), b.digest());
                assert_ne!(a.stored(), b.stored());
                assert_ne!(a.stable_digest(), b.stable_digest());
            }
        }
    }

    #[test]
    fn a_backends_namespace_stands_in_front() {
        let key = Key::new(&Namespace::new("eu"), "k");
        assert_eq!(key.within(&Namespace::new("shop")).stored(), "shop:eu/k");
        assert_eq!(key.within(&Namespace::default()), key);
        let bare = Key::new(&Namespace::default(), "k");
        assert_eq!(bare.within(&Namespace::new("shop")).stored(), "shop/k");
    }

    #[test]
    fn debug_shows_no_text() {
        let key = Key::new(&Namespace::new("shop"), "secret-token");
        assert!(!format!("{key:?}").contains("secret"));
    }
}
