//! What the attributes do not go on, told at the token that is in the way.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Error;

use crate::diag::Diag;
use crate::item::{Function, is_cached};
use crate::returns::find;

const PRIMITIVES: &[&str] = &[
    "bool", "char", "str", "f16", "f32", "f64", "f128", "i8", "i16", "i32", "i64", "i128", "isize",
    "u8", "u16", "u32", "u64", "u128", "usize",
];

/// What no attribute of this crate can go on.
pub(crate) fn function(function: &Function, attribute: &str, diag: &mut Diag) {
    let refused = |what: &dyn ToTokens, why: &str| {
        Error::new_spanned(what, format!("`#[{attribute}]` does not go on {why}"))
    };
    let sig = &function.sig;
    if let Some(token) = &sig.constness {
        diag.add(refused(
            token,
            "a `const fn`: a cache is looked up at run time; drop the `const`",
        ));
    }
    if sig.abi.is_some() {
        diag.add(refused(
            &sig.abi,
            "an `extern` function; wrap it in a plain one",
        ));
    }
    if sig.safety.to_token_stream().to_string() == "unsafe" {
        diag.add(refused(
            &sig.safety,
            "an `unsafe fn`, whose callers promise something to its body; wrap it in a safe one",
        ));
    }
}

/// A second `#[cached]` on one function.
pub(crate) fn given_once(function: &Function, diag: &mut Diag) {
    let again = function.attrs.iter().find(|attr| is_cached(attr));
    if let Some(again) = again {
        diag.add(Error::new_spanned(
            again,
            "`#[cached]` is given twice; write all arguments in one",
        ));
    }
}

/// A name that a type of this name would take from everyone.
pub(crate) fn companion(name: &Ident, diag: &mut Diag) {
    if is_primitive(&name.to_string()) {
        let message = format!(
            "`#[cached]` makes a type of the function's name, which would hide the type `{name}`; rename the \
             function, or name the type otherwise, as in `companions = {name}_cache`",
        );
        diag.add(Error::new(name.span(), message));
    }
}

/// Whether a type of the language has this name.
pub(crate) fn is_primitive(name: &str) -> bool {
    PRIMITIVES.contains(&name)
}

/// Whether the function uses the `Self` of what is around it, so that it is a function of a type.
pub(crate) fn uses_self_type(function: &Function) -> bool {
    let sig = function.sig.to_token_stream();
    find(&sig, "Self").is_some() || outside_items(function.body.stream())
}

/// Whether there is a `Self` that does not stand in an item inside of the body, which has its own.
fn outside_items(tokens: TokenStream) -> bool {
    let mut in_item = false;
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(name) if name == "Self" && !in_item => true,
        TokenTree::Ident(name) => {
            let opens = ["impl", "trait", "struct", "enum", "union"];
            in_item |= opens.iter().any(|keyword| name == keyword);
            false
        }
        TokenTree::Punct(punct) => {
            in_item &= punct.as_char() != ';';
            false
        }
        TokenTree::Group(group) if in_item => {
            in_item = group.delimiter() != proc_macro2::Delimiter::Brace;
            false
        }
        TokenTree::Group(group) => outside_items(group.stream()),
        TokenTree::Literal(_) => false,
    })
}
