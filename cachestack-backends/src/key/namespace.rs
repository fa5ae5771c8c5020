//! Who a key belongs to.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, OnceLock};

use crate::generation::Dependency;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::{Key, KeyDigest};

/// The part of a store that one application keeps to itself; cheap to clone.
///
/// `shop`, `shop2` and `shop:eu` are three different namespaces: clearing one never touches another.
/// The empty namespace is the default. A backend's own namespace is joined in front of the cache's
/// with `:`.
///
/// ```
/// use cachestack_backends::Namespace;
///
/// let shop = Namespace::new("shop");
/// assert_eq!(shop.prefix(), "shop/");
/// assert_eq!(shop.join(&Namespace::new("eu")).as_str(), "shop:eu");
/// ```
#[derive(Clone)]
pub struct Namespace(Arc<Inner>);

struct Inner {
    /// The prefix of stored keys; the name is its beginning unless something had to be escaped.
    prefix: Box<str>,
    name: Box<str>,
    /// Whether it is the library's own, beside the namespace of that name.
    reserved: bool,
    /// The digest of the prefix, to be continued by a key's text.
    digest: SipHasher13,
    /// The digest of no text.
    empty: KeyDigest,
    /// Where the number of its generation is kept, made once where somebody named the namespace.
    mark: Option<Key>,
}

impl Namespace {
    /// The namespace of that name. Any text is allowed.
    pub fn new(name: impl AsRef<str>) -> Self {
        let bare = Self::bare(name.as_ref());
        let mark = bare.mark();
        Self::with_prefix(bare.as_str(), bare.prefix().to_owned(), false, Some(mark))
    }

    /// The same, as it is made for each operation of a backend that has a namespace of its own.
    fn bare(name: &str) -> Self {
        Self::with_prefix(name, prefix_of(name), false, None)
    }

    /// Where the number of its own generation is kept.
    pub(crate) fn mark(&self) -> Key {
        let own = || Key::new(&self.reserved(), Dependency::namespace().name());
        self.0.mark.clone().unwrap_or_else(own)
    }

    /// The namespace beside this one that the library keeps to itself: for the numbers of generations. No
    /// text gives it, and clearing this one does not touch it.
    pub(crate) fn reserved(&self) -> Self {
        match self.0.reserved {
            true => self.clone(),
            false => Self::with_prefix(
                &self.0.name,
                format!("{RESERVED}{}", self.0.prefix),
                true,
                None,
            ),
        }
    }

    /// Whether it is one that [`reserved`](Self::reserved) gives.
    pub(crate) fn is_reserved(&self) -> bool {
        self.0.reserved
    }

    fn with_prefix(name: &str, prefix: String, reserved: bool, mark: Option<Key>) -> Self {
        let mut digest = SipHasher13::new_with_key(process_key());
        // The prefix ends at its only `/`, so no continuation makes two namespaces meet.
        digest.write(prefix.as_bytes());
        let empty = Head(digest).digest(&[]);
        Self(Arc::new(Inner {
            prefix: prefix.into(),
            name: name.into(),
            reserved,
            digest,
            empty,
            mark,
        }))
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0.name
    }

    /// Whether this is the empty namespace.
    pub fn is_empty(&self) -> bool {
        self.0.name.is_empty()
    }

    /// What the stored keys of this namespace begin with: the name with `%`, `/` and control characters
    /// percent-escaped, then `/`. No prefix begins another.
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// This namespace with `inner` inside it. The empty namespace changes nothing on either side.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        if inner.0.reserved {
            return self.join(&Self::bare(&inner.0.name)).reserved();
        }
        match (self.is_empty(), inner.is_empty()) {
            (true, _) => inner.clone(),
            (_, true) => self.clone(),
            _ => Self::bare(&format!("{self}:{inner}")),
        }
    }

    /// The digest of the key with that text in this namespace, without making the key. The bytes of the text
    /// are enough.
    #[inline]
    pub fn digest(&self, text: impl AsRef<[u8]>) -> KeyDigest {
        Head(self.0.digest).digest(text.as_ref())
    }

    /// A digest that stands for the namespace.
    #[allow(dead_code, reason = "for memory")]
    pub(crate) fn own_digest(&self) -> KeyDigest {
        self.0.empty
    }

    /// What is common to the digests of all keys whose text begins so.
    #[doc(hidden)]
    pub fn head(&self, text: &str) -> Head {
        let mut hasher = self.0.digest;
        hasher.write(text.as_bytes());
        Head(hasher)
    }

    /// Whether the two are clones of one.
    #[doc(hidden)]
    #[inline]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The beginning of keys, digested.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Head(SipHasher13);

impl Head {
    /// The digest of the key that goes on with that.
    #[inline]
    pub fn digest(&self, rest: &[u8]) -> KeyDigest {
        let mut hasher = self.0;
        hasher.write(rest);
        KeyDigest(hasher.finish128().as_u128())
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").finish_non_exhaustive()
    }
}

/// What the prefixes of reserved namespaces begin with: in all others a `%` stands before two digits.
const RESERVED: &str = "%g:";

fn prefix_of(name: &str) -> String {
    let mut prefix = String::with_capacity(name.len() + 1);
    for c in name.chars() {
        if matches!(c, '%' | '/') || c.is_control() {
            let mut utf8 = [0; 4];
            for byte in c.encode_utf8(&mut utf8).bytes() {
                prefix.push_str(&format!("%{byte:02X}"));
            }
        } else {
            prefix.push(c);
        }
    }
    prefix.push('/');
    prefix
}

/// Random numbers of this process, taken from what seeds the standard library's maps.
fn process_key() -> &'static [u8; 16] {
    static KEY: OnceLock<[u8; 16]> = OnceLock::new();
    KEY.get_or_init(|| {
        let mut key = [0; 16];
        for half in key.chunks_mut(8) {
            half.copy_from_slice(&RandomState::new().build_hasher().finish().to_ne_bytes());
        }
        key
    })
}

impl Default for Namespace {
    fn default() -> Self {
        static EMPTY: OnceLock<Namespace> = OnceLock::new();
        EMPTY.get_or_init(|| Self::new("")).clone()
    }
}

impl<S: AsRef<str>> From<S> for Namespace {
    fn from(name: S) -> Self {
        Self::new(name)
    }
}

impl PartialEq for Namespace {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.prefix == other.0.prefix
    }
}

impl Eq for Namespace {}

impl std::hash::Hash for Namespace {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.prefix.hash(state);
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Namespace({:?})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_gives_a_reserved_namespace() {
        let shop = Namespace::new("shop");
        let reserved = shop.reserved();
        assert_eq!(reserved.prefix(), "%g:shop/");
        for name in ["shop", "%g:shop", "%g:shop/", "g:shop", "%25g:shop"] {
            let other = Namespace::new(name);
            assert_ne!(other, reserved);
            assert_ne!(other.prefix(), reserved.prefix());
            assert_ne!(other.digest("k"), reserved.digest("k"));
        }
        assert_eq!(reserved.reserved(), reserved);
    }

    #[test]
    fn an_outer_namespace_keeps_a_reserved_one_reserved() {
        let (app, shop) = (Namespace::new("app"), Namespace::new("shop"));
        assert_eq!(app.join(&shop.reserved()), app.join(&shop).reserved());
        let bare = Namespace::default().reserved();
        assert_eq!(app.join(&bare), app.reserved());
        assert_eq!(Namespace::default().join(&bare), bare);
    }
}
