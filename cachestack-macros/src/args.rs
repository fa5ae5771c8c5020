//! Attribute tokens → arguments, each with its span.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprLit, Lit, LitInt, LitStr, Path, Token, parenthesized};

use crate::diag::Diag;
use crate::span;
use crate::words::{nearest, quoted};

/// What an attribute takes.
pub(crate) struct Syntax {
    /// The name of the attribute.
    pub(crate) attribute: &'static str,
    /// Each argument, with an example of it.
    pub(crate) arguments: &'static [(&'static str, &'static str)],
    /// The argument that is a list of names.
    pub(crate) list: Option<&'static str>,
    /// The argument that may be given several times.
    pub(crate) repeatable: Option<&'static str>,
    /// Whether anything else that is called is a target.
    pub(crate) targets: bool,
}

/// One argument of an attribute.
pub(crate) enum Arg {
    /// `name = value`
    Value { name: Ident, value: Expr },
    /// `name(a, b)` of plain names
    List { items: Vec<Ident> },
    /// `path(expressions)` that no argument is called
    Target { path: Path, arguments: Vec<Expr> },
}

impl Syntax {
    /// Parses the arguments. After a mistake it goes on with the next argument.
    pub(crate) fn parse(&self, tokens: TokenStream, diag: &mut Diag) -> Vec<Arg> {
        let mut args = Vec::new();
        let mut seen = BTreeSet::new();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                match self.one(input) {
                    Ok(arg) => args.extend(self.first(arg, &mut seen, diag)),
                    Err(error) => {
                        diag.add(error);
                        while !input.is_empty() && !input.peek(Token![,]) {
                            input.parse::<TokenTree>()?;
                        }
                    }
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        let parsed = parser.parse2(tokens);
        diag.take(parsed);
        args
    }

    fn one(&self, input: ParseStream<'_>) -> syn::Result<Arg> {
        if !input.peek(syn::Ident::peek_any) && !input.peek(Token![::]) {
            let example = match self.targets {
                true => "get_user(id)",
                false => self.arguments[0].1,
            };
            return Err(input.error(format!("expected an argument, as in `{example}`")));
        }
        let path = input.call(Path::parse_mod_style)?;
        if input.peek(Token![=]) {
            return self.value(&path, input);
        }
        if !input.peek(syn::token::Paren) {
            return Err(self.word(&path));
        }
        let content;
        parenthesized!(content in input);
        match path.get_ident() {
            Some(name) if self.list.is_some_and(|list| name == list) => {
                let names = all(&content, |input| {
                    Punctuated::<Ident, Token![,]>::parse_terminated(input)
                });
                let names = names.map_err(|error| {
                    let message = format!("expected a name, as in `{}`", self.shown(name));
                    Error::new(error.span(), message)
                })?;
                Ok(Arg::List {
                    items: names.into_iter().collect(),
                })
            }
            Some(name) if self.example(name).is_some() || !self.targets => {
                content.parse::<TokenStream>()?;
                Err(self.word(&path))
            }
            _ => {
                let arguments = all(&content, |input| {
                    Punctuated::<Expr, Token![,]>::parse_terminated(input)
                })?;
                Ok(Arg::Target {
                    path,
                    arguments: arguments.into_iter().collect(),
                })
            }
        }
    }

    /// `name = value`
    fn value(&self, path: &Path, input: ParseStream<'_>) -> syn::Result<Arg> {
        let equals = input.parse::<Token![=]>()?;
        let Some(name) = path.get_ident() else {
            return Err(self.unknown(path));
        };
        if self.example(name).is_none() {
            return Err(self.unknown(path));
        }
        if self.list.is_some_and(|list| name == list) {
            return Err(self.word(path));
        }
        if input.is_empty() || input.peek(Token![,]) {
            let message = format!("`{name}` needs a value, as in `{}`", self.shown(name));
            return Err(Error::new_spanned(equals, message));
        }
        Ok(Arg::Value {
            name: name.clone(),
            value: ungrouped(input.parse()?),
        })
    }

    /// What is wrong with a name that is not followed by what it needs.
    fn word(&self, path: &Path) -> Error {
        match path.get_ident() {
            Some(name) if self.example(name).is_some() => {
                let message = format!("`{name}` is written as in `{}`", self.shown(name));
                Error::new(name.span(), message)
            }
            _ if self.targets && self.nearest(path).is_none() => {
                let shown = path_text(path);
                let message = format!(
                    "`{shown}` needs the arguments of the entry to invalidate, as in `{shown}(id)`",
                );
                Error::new_spanned(path, message)
            }
            _ => self.unknown(path),
        }
    }

    /// The argument, unless it was given before.
    fn first(&self, arg: Arg, seen: &mut BTreeSet<Ident>, diag: &mut Diag) -> Option<Arg> {
        if let Arg::Value { name, .. } = &arg {
            let once = self.repeatable.is_none_or(|repeatable| name != repeatable);
            if once && !seen.insert(name.clone()) {
                let message = format!("`{name}` is given twice; keep one");
                diag.add(Error::new(name.span(), message));
                return None;
            }
        }
        Some(arg)
    }

    /// A name that is no argument of the attribute: lists those that are, and suggests the nearest.
    fn unknown(&self, path: &Path) -> Error {
        let suggestion = match self.nearest(path) {
            Some(nearest) => format!(", did you mean `{nearest}`?"),
            None => ";".to_owned(),
        };
        let message = format!(
            "`{}` has no argument `{}`{suggestion} the arguments are {}",
            self.attribute,
            path_text(path),
            quoted(self.arguments.iter().map(|(name, _)| name)),
        );
        Error::new_spanned(path, message)
    }

    fn nearest(&self, path: &Path) -> Option<&'static str> {
        let given = path.get_ident()?.to_string();
        nearest(&given, self.arguments.iter().map(|(name, _)| *name))
    }

    fn example(&self, name: &Ident) -> Option<&'static str> {
        let found = self.arguments.iter().find(|(known, _)| name == known);
        found.map(|(_, example)| *example)
    }

    fn shown(&self, name: &Ident) -> &'static str {
        self.example(name).unwrap_or_default()
    }
}

/// Parses what is in parentheses. After a mistake the rest is passed over, which would be one more.
fn all<T>(
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    let parsed = parse(input);
    input.parse::<TokenStream>()?;
    parsed
}

/// The expression itself, where `macro_rules` has put it into an invisible group.
fn ungrouped(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungrouped(*group.expr),
        value => value,
    }
}

fn path_text(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

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

    /// The expression of a `Target`; `private` is the path of the support module.
    pub(crate) fn target(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Current => quote::quote!(#private::Target::Current),
            Self::Named(name) => quote::quote!(#private::Target::Named(#name)),
            Self::Given(cache) => {
                // What is not a cache is told at the expression.
                let cache = span::over(cache, quote::quote!(#cache));
                quote::quote!(#private::Target::Given(#private::AsCache::as_cache(#cache)))
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

/// The path of the support module.
pub(crate) fn private() -> TokenStream {
    quote::quote!(::cachestack::__private)
}
