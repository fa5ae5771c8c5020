//! The placeholders of a template.

use std::fmt::{self, Write};

use super::buffer::Buffer;

const UPPER_HEX: &[u8; 16] = b"0123456789ABCDEF";

/// One bit for each ASCII character that is escaped in every template: control characters, `%` and `:`.
const ALWAYS: u128 = ((1 << b' ') - 1) | (1 << 0x7f) | (1 << b'%') | (1 << b':');

/// Takes what is formatted into it with reserved characters percent-escaped.
pub(super) struct Escaped<'a> {
    out: &'a mut Buffer,
    /// One bit for each ASCII character to escape.
    ascii: u128,
    reserved: &'a str,
}

impl<'a> Escaped<'a> {
    pub(super) fn new(out: &'a mut Buffer, reserved: &'a str) -> Self {
        let ascii = reserved
            .bytes()
            .filter(u8::is_ascii)
            .fold(ALWAYS, |bits, byte| bits | 1 << byte);
        Self {
            out,
            ascii,
            reserved,
        }
    }

    fn escapes(&self, c: char) -> bool {
        if c.is_ascii() {
            self.ascii >> u32::from(c) & 1 == 1
        } else {
            c.is_control() || self.reserved.contains(c)
        }
    }
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|c| self.escapes(c)) {
            let (run, tail) = rest.split_at(at);
            self.out.text(run);
            let mut chars = tail.chars();
            if let Some(c) = chars.next() {
                for &byte in c.encode_utf8(&mut [0; 4]).as_bytes() {
                    self.out.push(b'%');
                    self.out.hex(byte, UPPER_HEX);
                }
            }
            rest = chars.as_str();
        }
        self.out.text(rest);
        Ok(())
    }
}
