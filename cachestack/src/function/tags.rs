//! What an entry to be can be invalidated by, beside its key.

use cachestack_backends::{Dependency, Error, KeyError, KeyText};

use super::entry::unwritten;

/// What an entry to be can be invalidated by, beside its key.
#[derive(Debug, Default)]
pub struct Tags {
    pub(super) on: Vec<Dependency>,
    pub(super) unwritten: Option<KeyError>,
}

impl Tags {
    /// None.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            on: Vec::new(),
            unwritten: None,
        }
    }

    /// Those that are added.
    #[must_use]
    pub fn of(add: impl FnOnce(&mut Self)) -> Self {
        let mut tags = Self::none();
        add(&mut tags);
        tags
    }

    /// All of them, when they could be written.
    pub(super) fn complete(self) -> Result<Vec<Dependency>, Error> {
        match self.unwritten {
            None => Ok(self.on),
            Some(error) => Err(unwritten(error)),
        }
    }

    /// One more.
    pub fn add(&mut self, tag: Result<KeyText, KeyError>) {
        match tag {
            Ok(tag) => self.on.push(Dependency::tag(tag.as_str())),
            Err(error) => self.unwritten = Some(error),
        }
    }
}
