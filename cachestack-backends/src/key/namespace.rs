//! Who a key belongs to.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, OnceLock};

use siphasher::sip128::{Hasher128, SipHasher13};

use super::KeyDigest;

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
    /// The digest of the prefix, to be continued by a key's text.
    digest: SipHasher13,
}

impl Namespace {
    /// The namespace of that name. Any text is allowed.
    pub fn new(name: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        let prefix = prefix_of(name);
        let mut digest = SipHasher13::new_with_key(process_key());
        // The prefix ends at its only `/`, so no continuation makes two namespaces meet.
        digest.write(prefix.as_bytes());
        Self(Arc::new(Inner {
            prefix: prefix.into(),
            name: name.into(),
            digest,
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
        match (self.is_empty(), inner.is_empty()) {
            (true, _) => inner.clone(),
            (_, true) => self.clone(),
            _ => Self::new(format!("{self}:{inner}")),
        }
    }

    /// The digest of the key with that text in this namespace, without making the key. The bytes of the text
    /// are enough.
    #[inline]
    pub fn digest(&self, text: impl AsRef<[u8]>) -> KeyDigest {
        let mut hasher = self.0.digest;
        hasher.write(text.as_ref());
        KeyDigest(hasher.finish128().as_u128())
    }
}

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
        Arc::ptr_eq(&self.0, &other.0) || self.0.name == other.0.name
    }
}

impl Eq for Namespace {}

impl std::hash::Hash for Namespace {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
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
