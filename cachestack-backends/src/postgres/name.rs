//! The table's name: what people write, and how SQL has to have it.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};

/// PostgreSQL cuts longer names off, and two could become one.
const LONGEST: usize = 63;

/// A table, as an identifier that is safe in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableName(String);

impl TableName {
    /// Reads `table` or `schema.table`; a part that begins with a double quote goes on to the next single one.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for what cannot be a name.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &str| {
            let message = format!(
                "table is {text:?}, {why}; write `table` or `schema.table`, and a part with a dot in it in \
                 double quotes"
            );
            Error::new(ErrorKind::Config, message)
        };
        let parts = parts(text).map_err(wrong)?;
        if parts.len() > 2 {
            return Err(wrong("which has more than two parts"));
        }
        for part in &parts {
            if part.is_empty() {
                return Err(wrong("which has an empty part"));
            }
            if part.contains('\0') {
                return Err(wrong("which has a NUL in it"));
            }
            if part.len() > LONGEST {
                return Err(wrong("which has a part of over 63 bytes"));
            }
        }
        let quoted = parts
            .iter()
            .map(|part| format!("\"{}\"", part.replace('"', "\"\"")));
        Ok(Self(quoted.collect::<Vec<_>>().join(".")))
    }

    /// A number for this name, the same in every process.
    pub(super) fn number(&self) -> i64 {
        let mut first = [0; 8];
        first.copy_from_slice(&blake3::hash(self.0.as_bytes()).as_bytes()[..8]);
        i64::from_le_bytes(first)
    }
}

/// Quoted, for a statement or for `to_regclass`.
impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn parts(text: &str) -> Result<Vec<String>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let after = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (part, after) = unquote(quoted).ok_or("in which a quote does not end")?;
                parts.push(part);
                after
            }
            None => {
                let (part, after) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
                parts.push(part.to_owned());
                after
            }
        };
        if after.is_empty() {
            return Ok(parts);
        }
        rest = after
            .strip_prefix('.')
            .ok_or("in which something follows a quoted part")?;
    }
}

/// What stands before the single double quote that ends it, and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut part = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        part.push_str(before);
        match after.strip_prefix('"') {
            Some(more) => {
                part.push('"');
                rest = more;
            }
            None => return Some((part, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> String {
        TableName::parse(text).unwrap().to_string()
    }

    #[test]
    fn names_are_quoted_as_they_are_written() {
        for (text, quoted) in [
            ("cachestack", r#""cachestack""#),
            ("Cache Table", r#""Cache Table""#),
            ("caching.entries", r#""caching"."entries""#),
            (r#""a.b".c"#, r#""a.b"."c""#),
            (r#"a."b.""c""#, r#""a"."b.""c""#),
            (r#"x"; drop table y; --"#, r#""x""; drop table y; --""#),
            ("select", r#""select""#),
            ("キャッシュ", r#""キャッシュ""#),
            ("it's", r#""it's""#),
        ] {
            assert_eq!(sql(text), quoted);
        }
        assert_eq!(sql(&"n".repeat(63)).len(), 65);
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_with_what_to_write() {
        let long = "n".repeat(64);
        let wide = "ü".repeat(32);
        for (text, why) in [
            ("", "an empty part"),
            ("a.", "an empty part"),
            (".a", "an empty part"),
            ("a..b", "more than two parts"),
            ("\"\"", "an empty part"),
            ("a.b.c", "more than two parts"),
            ("a\0b", "a NUL"),
            ("\"a", "a quote does not end"),
            ("\"a\"b", "something follows"),
            (&long, "over 63 bytes"),
            (&wide, "over 63 bytes"),
        ] {
            let error = TableName::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.message().contains(why), "{error}");
            assert!(error.message().contains("schema.table"), "{error}");
        }
    }
}
