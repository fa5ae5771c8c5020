//! The walks over what holds several values.

use std::fmt;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::super::misfit::Misfit;
use super::super::shape::{Names, Node, NodeId};
use super::Walk;

/// What the elements of a row are to fit.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Expect<'s> {
    Anything,
    Each(&'s Node),
    InOrder(&'s [NodeId]),
}

/// The step to a variant; nothing where there is none.
struct Variant(&'static str);

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            name => write!(f, "::{name}"),
        }
    }
}

/// A sequence, a tuple, a tuple struct or a tuple variant.
#[derive(Debug)]
pub(in super::super) struct Items<'s> {
    walk: Walk<'s>,
    expect: Expect<'s>,
    wanted: usize,
    written: usize,
    variant: &'static str,
}

impl<'s> Items<'s> {
    pub(super) fn sequence(
        walk: Walk<'s>,
        expect: Expect<'s>,
        len: Option<usize>,
    ) -> Result<Self, Misfit> {
        match (len, expect) {
            (Some(len), _) => Ok(Self::tuple(walk, expect, len, "")),
            (None, Expect::Anything) => Ok(Self::tuple(walk, expect, 0, "")),
            (None, _) => Err(Misfit::new("written as sequence without its length")),
        }
    }

    /// `wanted` is how many elements have to come.
    pub(super) fn tuple(
        walk: Walk<'s>,
        expect: Expect<'s>,
        wanted: usize,
        variant: &'static str,
    ) -> Self {
        Self {
            walk,
            expect,
            wanted,
            written: 0,
            variant,
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        let index = self.written;
        self.written += 1;
        let at = match self.expect {
            Expect::Anything => return Ok(()),
            Expect::Each(node) => node,
            Expect::InOrder(all) => match all.get(index) {
                Some(id) => &self.walk.nodes[*id],
                // Counted at the end.
                None => return Ok(()),
            },
        };
        match value.serialize(self.walk.to(at)) {
            Ok(()) => Ok(()),
            Err(misfit) => Err(self.beneath(misfit, index)),
        }
    }

    #[cold]
    fn beneath(&self, misfit: Misfit, index: usize) -> Misfit {
        misfit.beneath(format_args!("{}[{index}]", Variant(self.variant)))
    }

    fn finish(self) -> Result<(), Misfit> {
        if self.written == self.wanted || matches!(self.expect, Expect::Anything) {
            return Ok(());
        }
        let Self {
            written, wanted, ..
        } = self;
        let misfit = Misfit::new(format!(
            "written with {written} elements instead of {wanted}"
        ));
        Err(misfit.beneath(Variant(self.variant)))
    }
}

macro_rules! items {
    ($($compound:ident $method:ident,)*) => {$(
        impl $compound for Items<'_> {
            type Ok = ();
            type Error = Misfit;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
                self.item(value)
            }

            fn end(self) -> Result<(), Misfit> {
                self.finish()
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

/// A map.
#[derive(Debug)]
pub(in super::super) struct Entries<'s> {
    walk: Walk<'s>,
    expect: Option<(&'s Node, &'s Node)>,
    wanted: usize,
    written: usize,
}

impl<'s> Entries<'s> {
    pub(super) fn new(
        walk: Walk<'s>,
        expect: Option<(&'s Node, &'s Node)>,
        len: Option<usize>,
    ) -> Result<Self, Misfit> {
        if len.is_none() && expect.is_some() {
            return Err(Misfit::new("written as map without its length"));
        }
        Ok(Self {
            walk,
            expect,
            wanted: len.unwrap_or(0),
            written: 0,
        })
    }
}

impl SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Misfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Misfit> {
        self.written += 1;
        match self.expect {
            Some((at, _)) => key
                .serialize(self.walk.to(at))
                .map_err(|misfit| misfit.beneath("[key]")),
            None => Ok(()),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Misfit> {
        match self.expect {
            Some((_, at)) => value
                .serialize(self.walk.to(at))
                .map_err(|misfit| misfit.beneath("[value]")),
            None => Ok(()),
        }
    }

    fn end(self) -> Result<(), Misfit> {
        let Self {
            written, wanted, ..
        } = self;
        if self.expect.is_none() || written == wanted {
            return Ok(());
        }
        Err(Misfit::new(format!(
            "written with {written} entries instead of {wanted}"
        )))
    }
}

/// A struct or a struct variant.
#[derive(Debug)]
pub(in super::super) struct Fields<'s> {
    walk: Walk<'s>,
    /// The names as the type lists them, and the fields as it reads them: more names than fields where there are
    /// aliases.
    expect: Option<(Names, &'s [NodeId])>,
    /// The next name to come.
    name: usize,
    written: usize,
    variant: &'static str,
}

impl<'s> Fields<'s> {
    pub(super) fn new(
        walk: Walk<'s>,
        expect: Option<(Names, &'s [NodeId])>,
        variant: &'static str,
    ) -> Self {
        Self {
            walk,
            expect,
            name: 0,
            written: 0,
            variant,
        }
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Misfit> {
        let Some(at) = self.next(key)? else {
            return Ok(());
        };
        match value.serialize(self.walk.to(at)) {
            Ok(()) => Ok(()),
            Err(misfit) => Err(self.beneath(misfit, key)),
        }
    }

    /// Where the field named `key` is read; `None` where anything fits.
    ///
    /// Aliases stand beside their field, in the order of the fields: so as many fields as are read, all named in
    /// the list and in its order, are the same fields (unless one that is only written bears another's alias while
    /// a third is only read).
    #[inline]
    fn next(&mut self, key: &'static str) -> Result<Option<&'s Node>, Misfit> {
        let Some((names, fields)) = self.expect else {
            return Ok(None);
        };
        let aliases = names.len() - fields.len();
        let ahead = names.get(self.name..).unwrap_or_default();
        let found = ahead.iter().take(1 + aliases).position(|name| *name == key);
        match (found, fields.get(self.written)) {
            (Some(found), Some(id)) => {
                self.name += found + 1;
                self.written += 1;
                Ok(Some(&self.walk.nodes[*id]))
            }
            _ => Err(self.stray(key, ahead.first())),
        }
    }

    #[cold]
    fn stray(&self, key: &str, next: Option<&&str>) -> Misfit {
        let reason = match next {
            Some(next) => format!("field `{key}` is written where `{next}` is read"),
            None => format!("field `{key}` is written but not read"),
        };
        Misfit::new(reason).beneath(Variant(self.variant))
    }

    #[cold]
    fn beneath(&self, misfit: Misfit, key: &str) -> Misfit {
        misfit.beneath(format_args!("{}.{key}", Variant(self.variant)))
    }

    fn skip(&self, key: &'static str) -> Result<(), Misfit> {
        if self.expect.is_none() {
            return Ok(());
        }
        let reason = format!("field `{key}` is skipped when written, but read");
        Err(Misfit::new(reason).beneath(Variant(self.variant)))
    }

    fn finish(self) -> Result<(), Misfit> {
        match self.expect {
            Some((names, fields)) if self.written < fields.len() => {
                let missing = names.get(self.name).unwrap_or(&"?");
                let reason = format!("field `{missing}` is read but not written");
                Err(Misfit::new(reason).beneath(Variant(self.variant)))
            }
            _ => Ok(()),
        }
    }
}

macro_rules! fields {
    ($($compound:ident,)*) => {$(
        impl $compound for Fields<'_> {
            type Ok = ();
            type Error = Misfit;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Misfit> {
                self.field(key, value)
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), Misfit> {
                self.skip(key)
            }

            fn end(self) -> Result<(), Misfit> {
                self.finish()
            }
        }
    )*};
}

fields! {
    SerializeStruct,
    SerializeStructVariant,
}
