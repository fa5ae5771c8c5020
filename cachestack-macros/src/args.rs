//! Attribute tokens → arguments, each with its span.

use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprLit, Lit, LitInt, Path, Token, parenthesized};

use crate::diag::Diag;

/// One argument of an attribute.
pub(crate) enum Arg {
    /// `name = value`
    Value { name: Ident, value: Expr },
    /// `name(a, b)` of plain names
    List { name: Ident, items: Vec<Ident> },
    /// `path(expressions)` that no argument is called
    Target { path: Path, arguments: Vec<Expr> },
}

/// Parses the arguments. `lists` are the names that take a list; any other call is a target.
pub(crate) fn parse(tokens: TokenStream, lists: &[&str], diag: &mut Diag) -> Vec<Arg> {
    let parser = |input: ParseStream<'_>| {
        let mut args = Vec::new();
        while !input.is_empty() {
            args.push(one(input, lists)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(args)
    };
    diag.take(parser.parse2(tokens)).unwrap_or_default()
}

fn one(input: ParseStream<'_>, lists: &[&str]) -> syn::Result<Arg> {
    let path = input.call(Path::parse_mod_style)?;
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        let name = path.require_ident()?.clone();
        let value = input.parse()?;
        return Ok(Arg::Value { name, value });
    }
    if !input.peek(syn::token::Paren) {
        let message = format!(
            "expected `{0} = ...` or `{0}(...)`",
            path.get_ident().map_or("name".into(), Ident::to_string),
        );
        return Err(Error::new_spanned(path, message));
    }
    let content;
    parenthesized!(content in input);
    match path.get_ident() {
        Some(name) if lists.contains(&name.to_string().as_str()) => {
            let items = Punctuated::<Ident, Token![,]>::parse_terminated(&content)?;
            Ok(Arg::List {
                name: name.clone(),
                items: items.into_iter().collect(),
            })
        }
        _ => {
            let arguments = Punctuated::<Expr, Token![,]>::parse_terminated(&content)?;
            Ok(Arg::Target {
                path,
                arguments: arguments.into_iter().collect(),
            })
        }
    }
}

/// A name that is no argument of the attribute: lists those that are, and suggests the nearest.
pub(crate) fn unknown(name: &Ident, attribute: &str, valid: &[&str]) -> Error {
    let given = name.to_string();
    let nearest = valid
        .iter()
        .map(|valid| (distance(&given, valid), valid))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let suggestion = nearest.map_or(String::new(), |(_, it)| format!(", did you mean `{it}`?"));
    let list: Vec<String> = valid.iter().map(|valid| format!("`{valid}`")).collect();
    let message = format!(
        "`{attribute}` has no argument `{given}`{suggestion}{} the arguments are {}",
        if suggestion.is_empty() { ";" } else { "" },
        list.join(", "),
    );
    Error::new(name.span(), message)
}

/// How many letters must be added, dropped or changed to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

/// Sets an argument that may be given once.
pub(crate) fn once<T>(slot: &mut Option<T>, name: &Ident, value: Option<T>, diag: &mut Diag) {
    if slot.is_some() {
        diag.add(Error::new(
            name.span(),
            format!("`{name}` is given twice; keep one"),
        ));
    } else {
        *slot = value;
    }
}

/// Which cache was named.
pub(crate) enum CacheChoice {
    Current,
    Named(syn::LitStr),
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

    /// The expression of a `Target`; `private` is the path of the support module.
    pub(crate) fn target(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Current => quote::quote!(#private::Target::Current),
            Self::Named(name) => quote::quote!(#private::Target::Named(#name)),
            Self::Given(cache) => {
                quote::quote!(#private::Target::Given(#private::AsCache::as_cache(&(#cache))))
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
        }) if number.base10_parse::<u64>().is_ok() => Ok(number),
        other => Err(Error::new_spanned(
            other,
            "`version` is a whole number, as in `version = 2`",
        )),
    }
}

/// The path of the support module.
pub(crate) fn private() -> TokenStream {
    quote::quote!(::cachestack::__private)
}

/// The span of the attribute itself.
pub(crate) fn attribute_span() -> Span {
    Span::call_site()
}
