//! What a function is known by in keys.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;

use cachestack_backends::{Dependency, KeyWriter};

/// What a function's keys begin with: its path, and which instance of it this is.
///
/// All parts are names the compiler knows, so that a key is written without an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Where the function is: a path, or the type or trait impl it is of, with their generics, and then what is cut off
    /// its end. It is cut off when it is read: most calls only look whether it is the same.
    path: &'static str,
    cut: &'static str,
    /// Its name there: `::get`.
    name: &'static str,
    /// What its author calls it, in the place of both.
    pinned: &'static str,
    instance: &'static str,
    version: &'static str,
}

impl Identity {
    /// The function that `T` stands for by its path: the type of the function's companions.
    #[inline]
    pub fn of_path<T: ?Sized>() -> Self {
        Self::at(type_name::<T>(), "")
    }

    /// The function of a type or trait that has a companion called `within`, in which the closure is. The
    /// closure's name tells the type and the trait, with what this instance of them is generic over.
    #[inline]
    pub fn beside<C: Fn()>(_: &C, within: &'static str, name: &'static str) -> Self {
        let mut identity = Self::at(type_name::<C>(), name);
        identity.cut = within;
        identity
    }

    /// The function in which the closure is.
    #[inline]
    pub fn around<C: Fn()>(_: &C) -> Self {
        Self::at(type_name::<C>().trim_end_matches("::{{closure}}"), "")
    }

    const fn at(path: &'static str, name: &'static str) -> Self {
        Self {
            path,
            cut: "",
            name,
            pinned: "",
            instance: "",
            version: "",
        }
    }

    /// The function under a name of its author's choice.
    #[inline]
    #[must_use]
    pub const fn pinned(mut self, name: &'static str) -> Self {
        self.pinned = name;
        self
    }

    /// The function of a path under a name of its author's choice, which needs nothing of its path.
    #[inline]
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self::at("", "").pinned(name)
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

    /// Whether it is the same, of one function in the source: what its author wrote there is then.
    #[inline]
    pub(super) fn is(&self, other: &Self) -> bool {
        let is = |a: &'static str, b: &'static str| std::ptr::eq(a, b) || a == b;
        is(self.path, other.path) && is(self.instance, other.instance)
    }

    /// Ends the key of a template, which has no name: each instance has its own entries. No value in a template
    /// looks like it, as each has its `%` escaped.
    #[inline]
    pub fn end(&self, key: &mut KeyWriter) {
        // In short an instance is told by its number.
        if !key.is_in_short() {
            self.end_text(key);
        }
    }

    fn end_text(&self, key: &mut KeyWriter) {
        for part in [self.generics(), self.instance] {
            if !part.is_empty() {
                for part in ["%<", part, ">"] {
                    key.literal(part);
                }
            }
        }
        if !self.version.is_empty() {
            key.literal("%");
            key.literal(self.version);
        }
    }

    fn place(&self) -> &'static str {
        self.path.strip_suffix(self.cut).unwrap_or(self.path)
    }

    /// The place, where there may be several of its kind.
    fn generics(&self) -> &'static str {
        match self.place() {
            place if place.contains('<') => place,
            _ => "",
        }
    }

    /// The function with all its instances and versions, as one text.
    pub fn function(&self) -> String {
        self.parts()[..5].concat()
    }

    /// What all entries of the function depend on.
    pub(super) fn dependency(&self) -> Dependency {
        Dependency::function(self.function())
    }

    /// The text of a key that begins with it, in one allocation.
    pub(super) fn text_with(&self, end: &str) -> String {
        let [a, b, c, d, e, f, g, h, i] = self.parts();
        [a, b, c, d, e, f, g, h, i, end].concat()
    }

    /// The whole of it as one text.
    pub fn text(&self) -> String {
        self.parts().concat()
    }

    /// The same, without an allocation where it is one part.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        let parts = self.parts();
        let mut there = parts.iter().filter(|part| !part.is_empty());
        match (there.next(), there.next()) {
            (Some(one), None) => Cow::Borrowed(one),
            _ => Cow::Owned(parts.concat()),
        }
    }

    fn parts(&self) -> [&'static str; 9] {
        let in_angles = |part: &'static str| match part {
            "" => ["", "", ""],
            part => ["<", part, ">"],
        };
        let [name, more, generics] = match self.pinned {
            "" => [self.place(), self.name, ""],
            pinned => [pinned, "", self.generics()],
        };
        let [a, b, c] = in_angles(generics);
        let [d, e, f] = in_angles(self.instance);
        [name, more, a, b, c, d, e, f, self.version]
    }
}

/// The whole of it, as [`text`](Identity::text).
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().iter().try_for_each(|part| f.write_str(part))
    }
}
