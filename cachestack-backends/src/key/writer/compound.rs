//! Values that are made of others.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::buffer::Buffer;
use super::names;
use super::sort::{Entries, Entry};
use super::text::KeyError;

/// A sequence `[a,b]`, or a set `#{a,b}`, whose elements are sorted at the end.
pub(super) struct List<'a> {
    out: &'a mut Buffer,
    is_empty: bool,
    /// Of a set only.
    entries: Option<Entries>,
}

impl<'a> List<'a> {
    #[inline]
    pub(super) fn sequence(out: &'a mut Buffer) -> Self {
        out.push(b'[');
        Self {
            out,
            is_empty: true,
            entries: None,
        }
    }

    #[inline]
    pub(super) fn set(out: &'a mut Buffer) -> Self {
        out.text("#{");
        Self {
            is_empty: true,
            entries: Some(Entries::new(out)),
            out,
        }
    }
}

impl SerializeSeq for List<'_> {
    type Ok = ();
    type Error = KeyError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        separate(self.out, &mut self.is_empty);
        let start = self.out.len();
        self.out.value(value)?;
        if let Some(entries) = &mut self.entries {
            let end = self.out.len();
            entries.add(Entry {
                start,
                key_end: end,
                end,
            });
        }
        Ok(())
    }

    #[inline]
    fn end(self) -> Result<(), KeyError> {
        match self.entries {
            None => self.out.push(b']'),
            Some(entries) => {
                entries.sort(self.out);
                self.out.push(b'}');
            }
        }
        Ok(())
    }
}

/// A map `{k:v,..}`, whose entries are sorted at the end.
pub(super) struct Map<'a> {
    out: &'a mut Buffer,
    is_empty: bool,
    entries: Entries,
    /// Start and end of a key whose value is still to come.
    key: Option<(usize, usize)>,
}

impl<'a> Map<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut Buffer) -> Self {
        out.push(b'{');
        Self {
            is_empty: true,
            entries: Entries::new(out),
            out,
            key: None,
        }
    }

    fn misuse(&mut self, message: &str) -> Result<(), KeyError> {
        let error = KeyError::new(message);
        self.out.fail(error.clone());
        Err(error)
    }
}

impl SerializeMap for Map<'_> {
    type Ok = ();
    type Error = KeyError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), KeyError> {
        if self.key.is_some() {
            return self.misuse("a map gave a key without a value");
        }
        separate(self.out, &mut self.is_empty);
        let start = self.out.len();
        self.out.value(key)?;
        self.key = Some((start, self.out.len()));
        Ok(())
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        let Some((start, key_end)) = self.key.take() else {
            return self.misuse("a map gave a value without a key");
        };
        self.out.push(b':');
        self.out.value(value)?;
        self.entries.add(Entry {
            start,
            key_end,
            end: self.out.len(),
        });
        Ok(())
    }

    #[inline]
    fn end(mut self) -> Result<(), KeyError> {
        if self.key.is_some() {
            return self.misuse("a map gave a key without a value");
        }
        self.entries.sort(self.out);
        self.out.push(b'}');
        Ok(())
    }
}

/// The elements of a tuple, each with a comma behind it: `(a,b,)`; none are `(,)`.
pub(super) struct Tuple<'a> {
    out: &'a mut Buffer,
    is_empty: bool,
}

impl<'a> Tuple<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut Buffer) -> Self {
        out.push(b'(');
        Self {
            out,
            is_empty: true,
        }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        self.is_empty = false;
        self.out.value(value)?;
        self.out.push(b',');
        Ok(())
    }

    #[inline]
    fn close(self) -> Result<(), KeyError> {
        self.out.text(if self.is_empty { ",)" } else { ")" });
        Ok(())
    }
}

impl SerializeTuple for Tuple<'_> {
    type Ok = ();
    type Error = KeyError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), KeyError> {
        self.close()
    }
}

impl SerializeTupleStruct for Tuple<'_> {
    type Ok = ();
    type Error = KeyError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), KeyError> {
        self.close()
    }
}

impl SerializeTupleVariant for Tuple<'_> {
    type Ok = ();
    type Error = KeyError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), KeyError> {
        self.close()
    }
}

/// The fields of a struct in the order given: `{a:1u8,b:2u8}`. A skipped field is left out.
pub(super) struct Fields<'a> {
    out: &'a mut Buffer,
    is_empty: bool,
}

impl<'a> Fields<'a> {
    #[inline]
    pub(super) fn new(out: &'a mut Buffer) -> Self {
        out.push(b'{');
        Self {
            out,
            is_empty: true,
        }
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), KeyError> {
        separate(self.out, &mut self.is_empty);
        names::label(self.out, name);
        self.out.push(b':');
        self.out.value(value)
    }

    #[inline]
    fn close(self) -> Result<(), KeyError> {
        self.out.push(b'}');
        Ok(())
    }
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = KeyError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        self.field(name, value)
    }

    #[inline]
    fn end(self) -> Result<(), KeyError> {
        self.close()
    }
}

impl SerializeStructVariant for Fields<'_> {
    type Ok = ();
    type Error = KeyError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        self.field(name, value)
    }

    #[inline]
    fn end(self) -> Result<(), KeyError> {
        self.close()
    }
}

/// A comma before each entry but the first.
#[inline]
fn separate(out: &mut Buffer, is_empty: &mut bool) {
    if !std::mem::take(is_empty) {
        out.push(b',');
    }
}
