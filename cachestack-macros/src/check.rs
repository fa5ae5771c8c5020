//! What the attributes do not go on, told at the token that is in the way.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Error, FnArg, GenericParam, Type};

use crate::diag::Diag;
use crate::item::{Function, is_cached};

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
    let has_receiver = matches!(sig.inputs.first(), Some(FnArg::Receiver(_)));
    if let Some(token) = self_type(function).filter(|_| !has_receiver) {
        diag.add(refused(
            &token,
            "an associated function; move the body into a free function and name the type in it",
        ));
    }
    if let Some(token) = find(&sig.output.to_token_stream(), "impl") {
        diag.add(Error::new(
            token.span(),
            format!("`#[{attribute}]` needs a return type with a name; write the type instead of `impl Trait`"),
        ));
    }
}

/// What cannot have a set of entries.
pub(crate) fn cached(function: &Function, diag: &mut Diag) {
    let sig = &function.sig;
    let again = function.attrs.iter().find(|attr| is_cached(attr));
    if let Some(again) = again {
        diag.add(Error::new_spanned(
            again,
            "`#[cached]` is given twice; write all arguments in one",
        ));
    }
    if PRIMITIVES.iter().any(|name| sig.ident == name) {
        let message = format!(
            "`#[cached]` makes a type of the function's name, which would hide the type `{}`; rename the function",
            sig.ident,
        );
        diag.add(Error::new(sig.ident.span(), message));
    }
    for param in &sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            let message = "`#[cached]` does not go on generic functions; put it on a function of concrete types";
            diag.add(Error::new_spanned(param, message));
        }
    }
    for input in &sig.inputs {
        let FnArg::Typed(typed) = input else {
            continue;
        };
        if let Some(token) = find(&typed.ty.to_token_stream(), "impl") {
            let message =
                "`#[cached]` does not go on functions with `impl Trait` arguments; name the type";
            diag.add(Error::new(token.span(), message));
        }
    }
    returns(&function.returns(), diag);
}

/// A return type that cannot be kept, where its tokens tell.
fn returns(returns: &Type, diag: &mut Diag) {
    let tokens = returns.to_token_stream();
    let why = if find(&tokens, "impl").is_some() {
        return;
    } else if matches!(returns, Type::Never(_)) {
        "a function that never returns has no value to cache"
    } else if find(&tokens, "dyn").is_some() && find(&tokens, "Future").is_some() {
        "a future cannot be cached, only what it gives; write an `async fn`"
    } else if borrows(&tokens) {
        "a cached value outlives the call, so it cannot borrow; return an owned value, such as a `String`, or \
         an `Arc`"
    } else {
        return;
    };
    diag.add(Error::new_spanned(returns, why));
}

/// Whether a reference or a lifetime other than `'static` is written in a type, outside of an array's length.
fn borrows(tokens: &TokenStream) -> bool {
    let mut after_quote = false;
    let is_semicolon =
        |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ';');
    let mut types = tokens
        .clone()
        .into_iter()
        .take_while(|token| !is_semicolon(token));
    types.any(|token| match token {
        TokenTree::Punct(punct) => {
            after_quote = punct.as_char() == '\'';
            punct.as_char() == '&'
        }
        TokenTree::Ident(name) => std::mem::take(&mut after_quote) && name != "static",
        TokenTree::Group(group) => borrows(&group.stream()),
        TokenTree::Literal(_) => false,
    })
}

/// The first time a name or keyword stands in the tokens.
fn find(tokens: &TokenStream, wanted: &str) -> Option<Ident> {
    tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(name) if name == wanted => Some(name),
        TokenTree::Group(group) => find(&group.stream(), wanted),
        _ => None,
    })
}

/// The `Self` that belongs to what is around the function.
fn self_type(function: &Function) -> Option<Ident> {
    let sig = function.sig.to_token_stream();
    find(&sig, "Self").or_else(|| outside_items(function.body.stream()))
}

/// The first `Self` that does not stand in an item inside of the body, which has its own.
fn outside_items(tokens: TokenStream) -> Option<Ident> {
    let mut in_item = false;
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(name) if name == "Self" && !in_item => Some(name),
        TokenTree::Ident(name) => {
            let opens = ["impl", "trait", "struct", "enum", "union"];
            in_item |= opens.iter().any(|keyword| name == keyword);
            None
        }
        TokenTree::Punct(punct) => {
            in_item &= punct.as_char() != ';';
            None
        }
        TokenTree::Group(group) if in_item => {
            in_item = group.delimiter() != proc_macro2::Delimiter::Brace;
            None
        }
        TokenTree::Group(group) => outside_items(group.stream()),
        TokenTree::Literal(_) => None,
    })
}
