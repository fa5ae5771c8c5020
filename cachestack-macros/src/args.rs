//! Attribute tokens → arguments, each with its span.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Path, Token, parenthesized};

use crate::diag::Diag;
use crate::words::{nearest, quoted};

/// What an attribute takes.
pub(crate) struct Syntax {
    /// The name of the attribute.
    pub(crate) attribute: &'static str,
    pub(crate) arguments: &'static [Argument],
    /// Whether anything else that is an expression is a target.
    pub(crate) targets: bool,
}

/// One argument that an attribute takes.
pub(crate) struct Argument {
    name: &'static str,
    example: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `name = value`
    Value,
    /// `name = value`, several times
    Values,
    /// `name`
    Flag,
    /// `name` or `name = value`
    Either,
    /// `name(a, b)` of plain names
    List,
}

/// An argument that is given as in the example.
pub(crate) const fn value(name: &'static str, example: &'static str) -> Argument {
    let kind = Kind::Value;
    Argument {
        name,
        example,
        kind,
    }
}

/// The same, given once or several times.
pub(crate) const fn values(name: &'static str, example: &'static str) -> Argument {
    let kind = Kind::Values;
    Argument {
        name,
        example,
        kind,
    }
}

/// An argument that stands alone.
pub(crate) const fn flag(name: &'static str) -> Argument {
    let kind = Kind::Flag;
    Argument {
        name,
        example: name,
        kind,
    }
}

/// An argument that stands alone, or is given as in the example.
pub(crate) const fn flag_or_value(name: &'static str, example: &'static str) -> Argument {
    let kind = Kind::Either;
    Argument {
        name,
        example,
        kind,
    }
}

/// An argument that lists names.
pub(crate) const fn list(name: &'static str, example: &'static str) -> Argument {
    let kind = Kind::List;
    Argument {
        name,
        example,
        kind,
    }
}

/// One argument of an attribute.
pub(crate) enum Arg {
    /// `name = value`
    Value { name: Ident, value: Expr },
    /// `name`
    Flag { name: Ident },
    /// `name(a, b)` of plain names
    List { items: Vec<Ident> },
    /// Anything else
    Target(Expr),
    /// An argument that was meant, with a mistake that is told already.
    Wrong { name: Ident },
}

impl Syntax {
    /// Parses the arguments. After a mistake it goes on with the next argument.
    pub(crate) fn parse(&self, tokens: TokenStream, diag: &mut Diag) -> Vec<Arg> {
        let mut args = Vec::new();
        let mut seen = BTreeSet::new();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let meant = input.fork().call(Ident::parse_any);
                match self.one(input) {
                    Ok(arg) => args.extend(self.first(arg, &mut seen, diag)),
                    Err(error) => {
                        diag.add(error);
                        let meant = meant.ok().filter(|name| self.known(name).is_some());
                        args.extend(meant.map(|name| Arg::Wrong { name }));
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
        let is_closure =
            input.peek(Token![|]) || input.peek(Token![||]) || input.peek(Token![move]);
        if self.targets && is_closure {
            return Ok(Arg::Target(input.parse()?));
        }
        if !input.peek(syn::Ident::peek_any) && !input.peek(Token![::]) && !input.peek(Token![<]) {
            let example = match self.targets {
                true => "get_user(id)",
                false => self.arguments[0].example,
            };
            return Err(input.error(format!("expected an argument, as in `{example}`")));
        }
        let ahead = input.fork();
        let path = match ahead.call(Path::parse_mod_style) {
            Ok(path) => path,
            Err(_) if self.targets => return Ok(Arg::Target(input.parse()?)),
            Err(error) => return Err(error),
        };
        if ahead.peek(Token![=]) && !ahead.peek(Token![==]) {
            input.advance_to(&ahead);
            return self.value(&path, input);
        }
        let Some(known) = path.get_ident().and_then(|name| self.known(name)) else {
            return match self.targets && self.is_target(&path, &ahead) {
                true => Ok(Arg::Target(input.parse()?)),
                false => {
                    input.advance_to(&ahead);
                    skip_parentheses(input)?;
                    Err(self.unknown(&path))
                }
            };
        };
        input.advance_to(&ahead);
        let name = input_name(&path);
        let ends = input.is_empty() || input.peek(Token![,]);
        match known.kind {
            Kind::Flag | Kind::Either if ends => Ok(Arg::Flag { name }),
            Kind::List if input.peek(syn::token::Paren) => names(known, input),
            _ => {
                skip_parentheses(input)?;
                Err(written(known, &name))
            }
        }
    }

    /// A lone word that is nearly an argument is one that is misspelled.
    fn is_target(&self, path: &Path, after: ParseStream<'_>) -> bool {
        !(after.is_empty() || after.peek(Token![,])) || self.nearest(path).is_none()
    }

    /// `name = value`
    fn value(&self, path: &Path, input: ParseStream<'_>) -> syn::Result<Arg> {
        let equals = input.parse::<Token![=]>()?;
        let Some(known) = path.get_ident().and_then(|name| self.known(name)) else {
            return Err(self.unknown(path));
        };
        let name = input_name(path);
        if matches!(known.kind, Kind::List | Kind::Flag) {
            return Err(written(known, &name));
        }
        if input.is_empty() || input.peek(Token![,]) {
            let message = format!("`{name}` needs a value, as in `{}`", known.example);
            return Err(Error::new_spanned(equals, message));
        }
        let value = ungrouped(input.parse()?);
        Ok(Arg::Value { name, value })
    }

    /// The argument, unless it was given before.
    fn first(&self, arg: Arg, seen: &mut BTreeSet<Ident>, diag: &mut Diag) -> Option<Arg> {
        if let Arg::Value { name, .. } | Arg::Flag { name } = &arg {
            let once = self.known(name).is_some_and(|it| it.kind != Kind::Values);
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
            path.to_token_stream().to_string().replace(' ', ""),
            quoted(self.arguments.iter().map(|it| it.name)),
        );
        Error::new_spanned(path, message)
    }

    fn nearest(&self, path: &Path) -> Option<&'static str> {
        let given = path.get_ident()?.to_string();
        nearest(&given, self.arguments.iter().map(|it| it.name))
    }

    fn known(&self, name: &Ident) -> Option<&'static Argument> {
        self.arguments.iter().find(|known| name == known.name)
    }
}

/// What is wrong with a name that is not followed by what it needs.
fn written(known: &Argument, name: &Ident) -> Error {
    let message = match known.kind {
        Kind::Flag => format!("`{name}` stands alone, without a value"),
        _ => format!("`{name}` is written as in `{}`", known.example),
    };
    Error::new(name.span(), message)
}

fn input_name(path: &Path) -> Ident {
    path.segments[0].ident.clone()
}

/// `(a, b)`
fn names(known: &Argument, input: ParseStream<'_>) -> syn::Result<Arg> {
    let content;
    parenthesized!(content in input);
    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, Ident::parse_any);
    // After a mistake the rest is passed over, which would be one more.
    content.parse::<TokenStream>()?;
    let names = names.map_err(|error| {
        let message = format!("expected a name, as in `{}`", known.example);
        Error::new(error.span(), message)
    })?;
    Ok(Arg::List {
        items: names.into_iter().collect(),
    })
}

fn skip_parentheses(input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(syn::token::Paren) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// The expression itself, where `macro_rules` has put it into an invisible group.
pub(crate) fn ungrouped(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => ungrouped(*group.expr),
        value => value,
    }
}
