//! What arguments of both attributes mean.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Expr, ExprLit, Lit, LitInt, LitStr};

use crate::krate::Krate;
use crate::names::names_in;
use crate::span;

/// Which cache was named.
pub(crate) enum CacheChoice {
    Current,
    Named(LitStr),
    Given(Expr),
}

impl CacheChoice {
    pub(crate) fn new(value: Option<Expr>) -> Self {
        match value {
            None => Self::Current,
            Some(Expr::Lit(ExprLit {
                lit: Lit::Str(name),
                ..
            })) => Self::Named(name),
            Some(value) => Self::Given(value),
        }
    }

    /// Every name that stands in it for a value.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        match self {
            Self::Given(cache) => names_in(&cache.to_token_stream()),
            Self::Current | Self::Named(_) => BTreeSet::new(),
        }
    }

    /// Whether it uses the variable.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.names().contains(name)
    }

    /// The expression of a `Target`.
    pub(crate) fn target(&self, krate: &Krate) -> TokenStream {
        let p = krate.private();
        match self {
            Self::Current => quote!(#p::Target::Current),
            Self::Named(name) => quote!(#p::Target::Named({
                static NAMED: #p::NamedCache = #p::NamedCache::new(#name);
                &NAMED
            })),
            Self::Given(cache) => {
                // What is not a cache is told at the expression.
                let cache = span::over(cache, quote!(#cache));
                quote!(#p::Target::Given(#p::AsCache::as_cache(#cache)))
            }
        }
    }
}

/// `version = N`: a whole number.
pub(crate) fn version(value: Expr) -> syn::Result<LitInt> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) if number.suffix().is_empty() && number.base10_parse::<u64>().is_ok() => Ok(number),
        other => Err(Error::new_spanned(
            other,
            "`version` is a whole number below 2^64, as in `version = 2`",
        )),
    }
}

/// `name = "users.get"`: a text that can begin a key.
pub(crate) fn name(value: Expr) -> syn::Result<LitStr> {
    let Expr::Lit(ExprLit {
        lit: Lit::Str(name),
        ..
    }) = value
    else {
        let message = "`name` is a text in quotes, as in `name = \"users.get\"`";
        return Err(Error::new_spanned(value, message));
    };
    let text = name.value();
    let message = match text
        .chars()
        .find(|c| c.is_whitespace() || "()<>@".contains(*c))
    {
        _ if text.is_empty() => "a function needs a name of at least one letter".to_owned(),
        Some(c) => format!(
            "`{c}` cannot be part of a name, it has a meaning of its own in keys; use `.` or `:`"
        ),
        None => return Ok(name),
    };
    Err(Error::new(name.span(), message))
}

/// The items of `[a, b]`, or the one that stands alone.
pub(crate) fn items(value: Expr) -> Vec<Expr> {
    match value {
        Expr::Array(array) => array
            .elems
            .into_iter()
            .map(crate::args::ungrouped)
            .collect(),
        value => vec![value],
    }
}
