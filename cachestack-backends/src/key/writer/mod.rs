//! Writes keys: a function's identity and its arguments in a canonical text, or a template and its placeholders.
//!
//! # Arguments
//!
//! A serde serializer of our own writes what `Serialize` tells it, in a form that resembles Rust's literals:
//!
//! | said to the serializer | written |
//! |---|---|
//! | integers | `42u64`, `-7i32`, also 128 bits |
//! | floats | the shortest text that reads back: `1.5f64`, `-0.0f32`, `inff64`; `NaN(7ff8000000000000)f64` by its bits |
//! | `bool`, `char`, text, bytes | `true`, `'a'`, `"a\n\u{0}"`, `b"00ff"` |
//! | unit, option | `()`, `None`, `Some(1u8)` |
//! | sequence, `HashSet`, map | `[1u8,2u8]`, `#{1u8,2u8}` sorted, `{"a":1u8,"b":2u8}` sorted by key, then value |
//! | tuple (arrays too) | `(1u8,2u8,)`, of none `(,)` |
//! | structs | `Unit`, `Newtype(1u8)`, `Tuple(1u8,2u8,)`, `Struct{field:1u8}`; a skipped field is left out |
//! | variants | `Enum::Unit#0`, `Enum::Newtype#1(1u8)`, `Enum::Tuple#2(1u8,2u8,)`, `Enum::Struct#3{field:1u8}` |
//!
//! A name that is no plain ASCII identifier is quoted with backticks and escaped like a text; so is the name of a
//! struct or an enum that is a word of this grammar: `None`, `` `None` ``.
//!
//! # Why no two argument lists share a text
//!
//! The text can be read back from left to right with two bytes of look-ahead. The first byte of a value tells its
//! kind (a digit or `-`, a quote, a bracket, `#`, a backtick or a letter), and a word that begins with a letter is
//! one of the grammar's own only if no name may be written so. Numbers bear their type; texts and quoted names end at
//! the first quote that is not escaped, and each character has one way to be written. What follows a name settles
//! what it named: `(`, `{`, `::` (a value never begins with `:`), or one of `,` `:` `)` `]` `}`, with which no value
//! begins. Within parentheses a comma after the last value tells a tuple from a newtype. So each text has one
//! reading, and what was said to the serializer can be told from it, apart from the order in which a map or a
//! `HashSet` gave its entries, and from length hints. The tests read texts back.
//!
//! This holds for the arguments of one identity. Two identities stay apart as long as each has its parentheses in pairs.
//!
//! # Templates
//!
//! A placeholder is written by `Display` with `%`, `:`, control characters and the characters that its template
//! reserves percent-escaped. `%` itself is always escaped, so a value can be read back. Two lists of values differ in
//! text if each literal between two placeholders contains a character, other than `%` and hexadecimal digits, that
//! the placeholder before it escapes: its first occurrence ends that placeholder's part.

mod buffer;
mod bytes;
mod compound;
mod names;
mod ser;
mod sets;
mod short;
mod sort;
mod template;
mod text;

use std::fmt::{self, Display, Write};

use serde::Serialize;

use buffer::Buffer;
use short::Short;
use template::Escaped;

pub use text::{KeyError, KeyText};

/// Writes the text of a key on the stack: up to 128 bytes inline, longer ones on the heap.
///
/// A writer has one of two forms. [`function`](Self::function) takes [`argument`](Self::argument)s and writes
/// `identity(1u64,"a")`; [`template`](Self::template) takes [`literal`](Self::literal)s,
/// [`placeholder`](Self::placeholder)s and [`raw`](Self::raw) values and writes them one after the other. No call
/// fails at once: the first error is kept, later calls do nothing, and [`finish`](Self::finish) returns it.
/// Calling a method of the other form is such an error.
///
/// `Debug` tells the length only.
pub struct KeyWriter {
    form: Form,
    short: Short<3>,
    /// Only of one that writes not quite as short.
    long: Option<Short<8>>,
    /// Nothing yet of one that writes in short.
    out: Option<Buffer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `identity(` is written, and no argument yet.
    Function,
    /// At least one argument is written.
    Arguments,
    Template,
    /// Arguments of which no text is written.
    InShort,
    /// The same with more room.
    InLong,
}

impl KeyWriter {
    /// Starts the key of a function: `identity(`.
    ///
    /// `identity` is written as it is. Its parentheses should come in pairs, else its keys may meet those of another
    /// identity.
    #[must_use]
    #[inline]
    pub fn function(identity: &str) -> Self {
        let mut out = Buffer::new();
        out.text(identity);
        out.push(b'(');
        Self {
            form: Form::Function,
            short: Short::new(),
            long: None,
            out: Some(out),
        }
    }

    /// Starts the key of a call: a template, or what follows behind the identity in the key of a function.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn of_call(is_template: bool) -> Self {
        match is_template {
            true => Self::template(),
            false => Self::function(""),
        }
    }

    /// Takes the arguments of a function in short: no text is written, but what [`in_numbers`](Self::in_numbers) gives.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn in_short() -> Self {
        Self {
            form: Form::InShort,
            short: Short::new(),
            long: None,
            out: None,
        }
    }

    /// The same with room for more, of which [`in_more_numbers`](Self::in_more_numbers) tells.
    #[doc(hidden)]
    #[must_use]
    pub fn in_long() -> Self {
        Self {
            form: Form::InLong,
            short: Short::new(),
            long: Some(Short::new()),
            out: None,
        }
    }

    /// Starts the key of a template, which is empty.
    #[must_use]
    #[inline]
    pub fn template() -> Self {
        Self {
            form: Form::Template,
            short: Short::new(),
            long: None,
            out: Some(Buffer::new()),
        }
    }

    /// Writes one argument in the canonical form, after a `,` where it is not the first.
    ///
    /// Arguments that `Serialize` tells apart differ in text. Maps are sorted by their written keys, and so are
    /// the elements of a `HashSet` (std's or hashbrown's) that is seen as one: an argument, field, element, key, value or
    /// payload, through references, `Box`, `Rc`, `Arc` and `Cow`. A set that serde sees as some other type, by
    /// `#[serde(transparent)]` or `serialize_with`, keeps its iteration order: equal sets may then differ in text.
    #[inline]
    pub fn argument<T: Serialize + ?Sized>(&mut self, value: &T) {
        match self.form {
            Form::InShort => self.short.value(value),
            _ => self.argument_in_full(value),
        }
    }

    fn argument_in_full<T: Serialize + ?Sized>(&mut self, value: &T) {
        if let Some(long) = &mut self.long {
            return long.value(value);
        }
        let out = self.out.get_or_insert_with(Buffer::new);
        match self.form {
            Form::Function | Form::InShort | Form::InLong => self.form = Form::Arguments,
            Form::Arguments => out.push(b','),
            Form::Template => out.fail(KeyError::new("an argument was given to a template")),
        }
        if !out.has_failed() {
            // The buffer keeps the error for `finish`.
            let _ = out.value(value);
        }
    }

    /// Writes a literal part of a template as it is.
    #[inline]
    pub fn literal(&mut self, text: &str) {
        if let Some(out) = self.template_parts() {
            out.text(text);
        }
    }

    /// Writes a value by its `Display` with `%`, `:`, control characters and every character of `reserved`
    /// percent-escaped: its UTF-8 bytes in upper-case hexadecimal, `%3A` for `:`.
    ///
    /// `reserved` are the characters of the literals that stand between the template's placeholders.
    #[inline]
    pub fn placeholder(&mut self, value: &(impl Display + ?Sized), reserved: &str) {
        if let Some(out) = self.template_parts() {
            if write!(Escaped::new(out, reserved), "{value}").is_err() {
                out.fail(KeyError::display());
            }
        }
    }

    /// Writes a value by its `Display`, unescaped. Only the last placeholder of a template can be written so
    /// without two lists of values meeting in one text.
    #[inline]
    pub fn raw(&mut self, value: &(impl Display + ?Sized)) {
        if let Some(out) = self.template_parts() {
            if write!(out, "{value}").is_err() {
                out.fail(KeyError::display());
            }
        }
    }

    /// Ends the key and returns its text.
    ///
    /// # Errors
    ///
    /// The first error met: a `Serialize` or `Display` implementation failed, a map gave a key without a value or the
    /// other way round, or a method of the other form was called.
    #[inline]
    pub fn finish(self) -> Result<KeyText, KeyError> {
        let mut out = self.out.unwrap_or_else(Buffer::new);
        if self.form != Form::Template {
            out.push(b')');
        }
        out.finish()
    }

    /// The same without moving the text. Nothing may be written any more.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    #[doc(hidden)]
    #[inline]
    pub fn end(&mut self) -> Result<&KeyText, KeyError> {
        let out = self.out.get_or_insert_with(Buffer::new);
        if self.form != Form::Template {
            out.push(b')');
        }
        out.written().map_err(KeyError::clone)
    }

    /// The text of a template as far as it is written.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    #[doc(hidden)]
    pub fn written(&self) -> Result<KeyText, KeyError> {
        match &self.out {
            Some(out) => out.written().cloned().map_err(KeyError::clone),
            None => Buffer::new().finish(),
        }
    }

    /// Up to 23 bytes of a template, or of arguments in short, as numbers: those of another key of the same function
    /// are others.
    #[doc(hidden)]
    #[inline]
    pub fn in_numbers(&self) -> Option<[u64; 3]> {
        match &self.out {
            None => self.short.in_numbers(),
            Some(out) => out.written().ok()?.in_numbers(),
        }
    }

    /// The same for up to 63 bytes.
    #[doc(hidden)]
    pub fn in_more_numbers(&self) -> Option<[u64; 8]> {
        match (&self.long, &self.out) {
            (Some(long), _) => long.in_numbers(),
            (None, Some(out)) => out.written().ok()?.in_more_numbers(),
            (None, None) => None,
        }
    }

    /// Whether values are taken in short, and no text is written.
    #[doc(hidden)]
    #[inline]
    pub fn is_in_short(&self) -> bool {
        matches!(self.form, Form::InShort | Form::InLong)
    }

    /// The value of a placeholder, where what is written is in short.
    #[doc(hidden)]
    #[inline]
    pub fn in_short_too<T: Serialize + ?Sized>(&mut self, value: &T) {
        match (self.form, &mut self.long) {
            (Form::InShort, _) => self.short.value(value),
            (_, Some(long)) => long.value(value),
            _ => {}
        }
    }

    /// The value of a placeholder has no short form.
    #[doc(hidden)]
    #[inline]
    pub fn not_in_short(&mut self) {
        self.short.fail();
        if let Some(long) = &mut self.long {
            long.fail();
        }
    }

    #[inline]
    fn template_parts(&mut self) -> Option<&mut Buffer> {
        if self.is_in_short() {
            return None;
        }
        self.text_parts()
    }

    fn text_parts(&mut self) -> Option<&mut Buffer> {
        let out = self.out.get_or_insert_with(Buffer::new);
        if self.form != Form::Template {
            out.fail(KeyError::new(
                "a part of a template was given to a function's key",
            ));
        }
        (!out.has_failed()).then_some(out)
    }
}

impl fmt::Debug for KeyWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyWriter")
            .field("len", &self.out.as_ref().map_or(0, Buffer::len))
            .finish_non_exhaustive()
    }
}
