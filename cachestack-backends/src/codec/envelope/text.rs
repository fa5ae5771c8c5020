//! Names and numbers in the header: nothing in them breaks the line.

use crate::entry::Generation;

pub(super) fn write_generations(generations: &[Generation], out: &mut String) {
    if generations.is_empty() {
        out.push('-');
    }
    for (index, generation) in generations.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        escape(&generation.name, out);
        out.push_str(&format!("={:032x}", generation.number));
    }
}

pub(super) fn read_generations(field: &str) -> Option<Vec<Generation>> {
    if field == "-" {
        return Some(Vec::new());
    }
    field
        .split(',')
        .map(|one| {
            let (name, number) = one.split_once('=')?;
            let number = u128::from_str_radix(number, 16).ok()?;
            Some(Generation::new(unescape(name)?, number))
        })
        .collect()
}

pub(super) fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    let breaks = |c: char| matches!(c, ' ' | '%' | ',' | '=') || c.is_control();
    while let Some(at) = rest.find(breaks) {
        out.push_str(&rest[..at]);
        let c = rest[at..].chars().next().unwrap_or_default();
        let mut utf8 = [0; 4];
        for byte in c.encode_utf8(&mut utf8).bytes() {
            out.push_str(&format!("%{byte:02X}"));
        }
        rest = &rest[at + c.len_utf8()..];
    }
    out.push_str(rest);
}

/// Whether a field is those two, escaped, one behind the other.
pub(super) fn is_escaped(field: &str, [first, second]: [&str; 2]) -> bool {
    // Most have nothing in them to escape, and are compared as they are.
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'%' | b',' | b'=');
    if first.bytes().chain(second.bytes()).all(is_plain) {
        return field.strip_prefix(first) == Some(second);
    }
    let mut escaped = String::with_capacity(field.len());
    escape(first, &mut escaped);
    escape(second, &mut escaped);
    field == escaped
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 10] = [
        "", "shop/", "a", "a b", "50%", "k=v,x", "\u{e9}", "tab\t", "%20", "ab",
    ];

    fn escaped(first: &str, second: &str) -> String {
        let mut escaped = String::new();
        escape(first, &mut escaped);
        escape(second, &mut escaped);
        escaped
    }

    #[test]
    fn a_field_is_compared_as_it_is_written() {
        for first in TEXTS {
            for second in TEXTS {
                let field = escaped(first, second);
                assert!(is_escaped(&field, [first, second]), "{field}");
                for other in TEXTS {
                    let is_same = field == escaped(first, other);
                    assert_eq!(is_escaped(&field, [first, other]), is_same, "{field}");
                    let is_same = field == escaped(other, second);
                    assert_eq!(is_escaped(&field, [other, second]), is_same, "{field}");
                }
            }
        }
    }

    #[test]
    fn a_field_that_was_not_escaped_is_another() {
        for text in ["a b", "50%", "k=v,x"] {
            assert!(!is_escaped(text, [text, ""]), "{text}");
        }
    }
}
