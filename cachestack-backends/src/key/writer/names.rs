//! Quoted texts, and names, which are quoted where they could be taken for something else.

use std::fmt::{self, Write};

use super::buffer::Buffer;

/// The bytes that are tested at once.
const BLOCK: usize = 16;

/// The name of a struct or an enum, with which a value begins.
#[inline]
pub(super) fn type_name(out: &mut Buffer, name: &str) {
    if is_word(name) {
        quoted(out, b'`', name)
    } else {
        label(out, name)
    }
}

/// The name of a field or a variant, which stands where no word of the grammar can.
#[inline]
pub(super) fn label(out: &mut Buffer, name: &str) {
    if is_identifier(name) {
        out.text(name)
    } else {
        quoted(out, b'`', name)
    }
}

/// `Enum::Variant#index`.
#[inline]
pub(super) fn variant(out: &mut Buffer, name: &str, index: u32, variant: &str) {
    type_name(out, name);
    out.text("::");
    label(out, variant);
    out.push(b'#');
    out.integer(index, "");
}

/// A text between quotes.
#[inline]
pub(super) fn quoted(out: &mut Buffer, quote: u8, text: &str) {
    out.push(quote);
    escape(out, quote, text);
    out.push(quote);
}

/// The words with which the grammar begins a value.
fn is_word(name: &str) -> bool {
    matches!(
        name,
        "true" | "false" | "None" | "Some" | "NaN" | "inff32" | "inff64"
    )
}

fn is_identifier(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.first().is_some_and(|first| !first.is_ascii_digit())
        && bytes
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Takes what is formatted into it as the inside of a quoted text.
pub(super) struct Inside<'a> {
    pub(super) out: &'a mut Buffer,
    pub(super) quote: u8,
}

impl Write for Inside<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.out, self.quote, text);
        Ok(())
    }
}

/// Copies what stands for itself run by run, and escapes the quote, `\` and control characters.
#[inline]
fn escape(out: &mut Buffer, quote: u8, text: &str) {
    let mut rest = text;
    while let Some(at) = find_escape(rest.as_bytes(), quote) {
        let (run, tail) = rest.split_at(at);
        out.text(run);
        let mut chars = tail.chars();
        if let Some(c) = chars.next() {
            escape_char(out, quote, c);
        }
        rest = chars.as_str();
    }
    out.text(rest);
}

/// Where the first byte that may need an escape stands. Whole blocks are tested without a branch for each byte, which
/// the compiler turns into vector instructions.
#[inline]
fn find_escape(bytes: &[u8], quote: u8) -> Option<usize> {
    let needs = |&byte: &u8| may_need_escape(byte, quote);
    let clean = bytes
        .chunks_exact(BLOCK)
        .take_while(|block| !block.iter().fold(false, |any, byte| any | needs(byte)));
    let start = clean.count() * BLOCK;
    bytes[start..].iter().position(needs).map(|at| start + at)
}

/// True for the first byte of each character to escape; the control characters U+0080 to U+009F share theirs, 0xC2,
/// with some that are none.
#[inline]
fn may_need_escape(byte: u8, quote: u8) -> bool {
    byte < b' ' || byte == quote || byte == b'\\' || byte == 0x7f || byte == 0xc2
}

#[cold]
fn escape_char(out: &mut Buffer, quote: u8, c: char) {
    match c {
        '\n' => out.text("\\n"),
        '\r' => out.text("\\r"),
        '\t' => out.text("\\t"),
        _ if c == '\\' || c == char::from(quote) => {
            out.push(b'\\');
            out.text(c.encode_utf8(&mut [0; 4]));
        }
        _ if c.is_control() => {
            // A buffer takes every text, and a `char` is written without fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        _ => out.text(c.encode_utf8(&mut [0; 4])),
    }
}
