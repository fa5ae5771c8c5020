//! The text of a call's key, of which the beginning is seldom needed as one.

use cachestack_backends::{Key, KeyDigest, KeyText, Namespace};

use super::site::Instance;
use crate::front::Place;

/// What a call's key is.
#[derive(Clone, Copy)]
pub(super) enum Text<'a> {
    /// What follows behind the function's identity.
    Behind(&'static Instance, &'a KeyText),
    /// The whole of it, by a function that others may share it with.
    Shared(&'static Instance, &'a KeyText),
    /// The whole of it, by nobody.
    Whole(&'a str),
}

impl Text<'_> {
    /// What a thread knows the entry by.
    #[inline]
    pub(super) fn place(self) -> Option<Place> {
        match self {
            Self::Behind(instance, text) | Self::Shared(instance, text) => {
                Place::of(instance.number, text)
            }
            Self::Whole(_) => None,
        }
    }

    /// The same where the text does not serve.
    #[inline]
    pub(super) fn place_by(self, digest: KeyDigest) -> Place {
        let instance = match self {
            Self::Behind(instance, _) | Self::Shared(instance, _) => instance.number,
            Self::Whole(_) => 0,
        };
        Place::of_digest(instance, digest)
    }

    #[inline]
    pub(super) fn digest(self, namespace: &Namespace) -> KeyDigest {
        match self {
            Self::Behind(instance, text) => instance.head(namespace).digest(text.as_bytes()),
            Self::Shared(_, text) => namespace.digest(text.as_bytes()),
            Self::Whole(text) => namespace.digest(text.as_bytes()),
        }
    }

    pub(super) fn key(self, namespace: &Namespace, digest: KeyDigest) -> Key {
        Key::with_digest(namespace, self.to_text(), digest)
    }

    pub(super) fn to_text(self) -> String {
        match self {
            Self::Behind(instance, text) => instance.identity.text() + text.as_str(),
            Self::Shared(_, text) => text.as_str().to_owned(),
            Self::Whole(text) => text.to_owned(),
        }
    }
}
