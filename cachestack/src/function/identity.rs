//! What a function is known by in keys.

use std::any::type_name;

use cachestack_backends::{Dependency, KeyWriter};

/// Stands for the type of a function that has no companions.
const IN_PLACE: &str = "?";

/// What a function's keys begin with: its path, and which instance of it this is.
///
/// All parts are names the compiler knows, so that a key is written without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    owner: &'static str,
    name: &'static str,
    instance: &'static str,
    version: &'static str,
    /// The type a pinned name stands for: another type must not take the name too.
    of: &'static str,
}

impl Identity {
    /// The function that `T` stands for by its path: the type of the function's companions.
    #[inline]
    pub fn of_path<T: ?Sized>() -> Self {
        Self::named(type_name::<T>())
    }

    /// The function in which `T` is. Where it is one of a generic type that the attribute could not see, there
    /// is no telling one instance from another, and it is not cached.
    #[inline]
    pub fn in_place<T: ?Sized>() -> Self {
        Self {
            of: IN_PLACE,
            ..Self::of_path::<T>()
        }
    }

    /// The function of a type: `name` is `::get`.
    #[inline]
    pub fn of_method<T: ?Sized>(name: &'static str) -> Self {
        Self {
            name,
            ..Self::of_path::<T>()
        }
    }

    /// A function under a name of its author's choice.
    #[inline]
    pub const fn named(name: &'static str) -> Self {
        Self {
            owner: name,
            name: "",
            instance: "",
            version: "",
            of: "",
        }
    }

    /// The same for a function of a type: each instance of a generic type is one of its own.
    #[inline]
    #[must_use]
    pub fn on<T: ?Sized>(mut self) -> Self {
        self.of = type_name::<T>();
        if self.of.ends_with('>') {
            let generics = self.of.find('<').unwrap_or(self.of.len());
            self.name = &self.of[generics..];
        }
        self
    }

    /// One instance of a generic function: `T` is made of what it is generic over.
    #[inline]
    #[must_use]
    pub fn instance<T: ?Sized>(mut self) -> Self {
        self.instance = type_name::<T>();
        self
    }

    /// The function whose values have a version: `version` is `@2`.
    #[inline]
    #[must_use]
    pub const fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Starts the key of a call.
    #[inline]
    pub fn key(&self) -> KeyWriter {
        match (self.name, self.instance, self.version) {
            ("", "", "") => KeyWriter::function(self.owner),
            _ => KeyWriter::function_of(&self.parts()),
        }
    }

    /// Ends the key of a template, which has no name: each instance has its own entries.
    #[inline]
    pub fn end(&self, key: &mut KeyWriter) {
        key.literal(self.name);
        if !self.instance.is_empty() {
            for part in ["<", self.instance, ">"] {
                key.literal(part);
            }
        }
        key.literal(self.version);
    }

    /// The function with all its instances and versions, as one text.
    pub fn function(&self) -> String {
        [self.owner, self.name].concat()
    }

    /// What all entries of the function depend on.
    pub(super) fn dependency(&self) -> Dependency {
        Dependency::function(self.function())
    }

    /// The whole of it as one text.
    pub fn text(&self) -> String {
        self.parts().concat()
    }

    /// Whether it tells all instances of the function apart.
    pub(super) fn is_certain(&self) -> bool {
        self.of != IN_PLACE || !self.instance.is_empty() || !self.owner.contains("<_")
    }

    /// The type that a pinned name stands for.
    pub(super) fn of(&self) -> &'static str {
        self.of
    }

    fn parts(&self) -> [&'static str; 6] {
        let (open, close) = match self.instance {
            "" => ("", ""),
            _ => ("<", ">"),
        };
        let Self {
            owner,
            name,
            instance,
            version,
            ..
        } = *self;
        [owner, name, open, instance, close, version]
    }
}
