//! Which variables an expression may use, by its tokens.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};

/// Every name in the tokens that may be a variable: no field, method, path or macro. Those that a format
/// string captures count too.
pub(crate) fn collect_names(tokens: TokenStream, names: &mut BTreeSet<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut before = String::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(name) => {
                let is_macro = |next: &TokenTree| {
                    matches!(next, TokenTree::Punct(punct)
                        if punct.as_char() == '!' && punct.spacing() == Spacing::Alone)
                };
                let is_path = |next: &TokenTree| matches!(next, TokenTree::Punct(punct) if punct.as_char() == ':');
                let is_part = before == "." || before.ends_with("::");
                if !is_part
                    && !tokens
                        .peek()
                        .is_some_and(|next| is_macro(next) || is_path(next))
                {
                    names.insert(name.to_string());
                }
                before.clear();
            }
            TokenTree::Punct(punct) => before.push(punct.as_char()),
            TokenTree::Group(group) => {
                collect_names(group.stream(), names);
                before.clear();
            }
            TokenTree::Literal(literal) => {
                collect_captures(&literal.to_string(), names);
                before.clear();
            }
        }
    }
}

/// The same as a set.
pub(crate) fn names_in(tokens: &TokenStream) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect_names(tokens.clone(), &mut names);
    names
}

/// Whether a word stands anywhere in the tokens, in a literal too: a text may be a format, a template or code to
/// another macro.
pub(crate) fn mentions(tokens: &TokenStream, wanted: &str) -> bool {
    let wanted = wanted.trim_start_matches("r#");
    let is_in = |text: &str| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        text.split(|c| !is_part(c)).any(|word| word == wanted)
            // `\n` and its like stand for other letters.
            || text.contains('\\') && text.contains(wanted)
    };
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(name) => is_in(&name.to_string()),
        TokenTree::Group(group) => mentions(&group.stream(), wanted),
        TokenTree::Literal(literal) => is_in(&literal.to_string()),
        TokenTree::Punct(_) => false,
    })
}

/// The `id` of `"user:{id:>5}"`.
fn collect_captures(literal: &str, names: &mut BTreeSet<String>) {
    for opened in literal.replace("{{", "").split('{').skip(1) {
        let end = opened.find(['}', ':']).unwrap_or(0);
        let name = &opened[..end];
        if syn::parse_str::<Ident>(name).is_ok() {
            names.insert(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(expression: &str) -> Vec<String> {
        let mut names = BTreeSet::new();
        collect_names(expression.parse().unwrap(), &mut names);
        names.into_iter().collect()
    }

    #[test]
    fn a_field_or_a_path_is_no_variable() {
        assert_eq!(names("user.id"), ["user"]);
        assert_eq!(names("f(a, &b.c.d)"), ["a", "b", "f"]);
        assert_eq!(names("lang::code"), [""; 0]);
        assert_eq!(names("a..b"), ["a", "b"]);
        assert_eq!(names("a != b"), ["a", "b"]);
    }

    #[test]
    fn a_format_string_captures() {
        assert_eq!(
            names(r#"format!("{a}:{{b}}:{c:>5}:{}:{0}", d)"#),
            ["a", "c", "d"]
        );
    }
}
