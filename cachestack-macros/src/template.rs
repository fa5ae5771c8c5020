//! The text of `key = "..."` → literals and placeholders.

use std::collections::BTreeSet;
use std::fmt::Display;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, ExprLit, ExprPath, Lit, LitStr, Token};

use crate::diag::Diag;
use crate::krate::Krate;
use crate::names::collect_names;
use crate::param::{Param, no_argument};
use crate::span;

/// How a key is written by hand.
pub(crate) enum KeyForm {
    Template(Template),
    /// An expression that displays as the key.
    Expression(Box<Expr>),
}

/// A template whose values cannot meet: something stands between any two placeholders that is escaped in
/// both.
pub(crate) struct Template {
    source: LitStr,
    parts: Vec<Part>,
    /// The characters between placeholders, to be escaped in their values.
    reserved: String,
}

enum Part {
    Literal(String),
    Placeholder { value: Box<Expr>, raw: bool },
}

impl KeyForm {
    /// The form that stands as the value of an argument.
    pub(crate) fn parse(name: &Ident, value: Expr) -> syn::Result<Self> {
        match value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(source),
                ..
            }) => Template::parse(source).map(Self::Template),
            Expr::Lit(other) => Err(Error::new_spanned(
                other,
                format!(
                    "`{name}` is a template in quotes, as in `{name} = \"user:{{id}}\"`, or an expression"
                ),
            )),
            expression => Ok(Self::Expression(Box::new(expression))),
        }
    }

    /// A mistake in the whole form.
    pub(crate) fn error(&self, message: impl Display) -> Error {
        match self {
            Self::Expression(value) => Error::new_spanned(value, message),
            Self::Template(template) => Error::new(template.source.span(), message),
        }
    }

    /// Every name that stands in the form for a value.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        match self {
            Self::Expression(value) => collect_names(value.to_token_stream(), &mut names),
            Self::Template(template) => {
                for part in &template.parts {
                    if let Part::Placeholder { value, .. } = part {
                        collect_names(value.to_token_stream(), &mut names);
                    }
                }
            }
        }
        names
    }

    /// Reports placeholders that are a bare name which no argument has. Whether there are none.
    pub(crate) fn check_names(&self, has_self: bool, params: &[Param], diag: &mut Diag) -> bool {
        let Self::Template(template) = self else {
            return true;
        };
        let mut known = true;
        for part in &template.parts {
            let Part::Placeholder { value, .. } = part else {
                continue;
            };
            let Some(name) = bare_name(value) else {
                continue;
            };
            // A constant is as good as a literal.
            let text = name.to_string();
            let constant = text
                .chars()
                .all(|c| c.is_uppercase() || c == '_' || c.is_numeric());
            let is_known = |param: &Param| param.pattern.is_none() && param.name == *name;
            let is_self = has_self && name == "self";
            if !constant && !is_self && !params.iter().any(is_known) {
                let message = format!("`{{{text}}}`: {}", no_argument(&text, has_self, params));
                diag.add(self.error(message));
                known = false;
            }
        }
        known
    }

    /// Statements that write the key into `writer`.
    pub(crate) fn write(&self, writer: &Ident, krate: &Krate) -> TokenStream {
        match self {
            Self::Expression(value) => {
                let call = call_raw(writer, value, krate);
                quote!(#call;)
            }
            Self::Template(template) => template.write(writer, krate),
        }
    }

    /// The same for a call, which may want the values in short.
    pub(crate) fn write_for_call(&self, writer: &Ident, krate: &Krate) -> TokenStream {
        let p = krate.private();
        let either = |value: &Expr, write: TokenStream| {
            let value = span::over(value, quote!(#value));
            quote!(match #writer.is_in_short() {
                false => #write,
                true => (&#p::Value(#value)).in_short(&mut #writer),
            })
        };
        let parts: Vec<_> = match self {
            Self::Expression(value) => vec![either(value, call_raw(writer, value, krate))],
            Self::Template(template) => {
                let parts = template.parts.iter();
                parts
                    .map(|part| match part {
                        Part::Literal(_) => template.call(part, writer, krate),
                        Part::Placeholder { value, .. } => {
                            either(value, template.call(part, writer, krate))
                        }
                    })
                    .collect()
            }
        };
        quote! {
            use #p::{OfOtherValue as _, OfPlainValue as _};
            #(#parts;)*
        }
    }
}

impl Template {
    fn parse(source: LitStr) -> syn::Result<Self> {
        let text = source.value();
        let mut parts: Vec<Part> = Vec::new();
        let mut literal = String::new();
        let mut rest = text.chars().peekable();
        let fail = |message: String| Err(Error::new(source.span(), message));
        while let Some(c) = rest.next() {
            match c {
                '{' | '}' if rest.next_if_eq(&c).is_some() => literal.push(c),
                '}' => return fail("a `}` without its `{`; write `}}` for a brace".into()),
                '{' => {
                    let mut inside = String::new();
                    let mut depth = 1;
                    for c in rest.by_ref() {
                        match c {
                            '{' => depth += 1,
                            '}' => depth -= 1,
                            _ => {}
                        }
                        if depth == 0 {
                            break;
                        }
                        inside.push(c);
                    }
                    if depth != 0 {
                        return fail(format!(
                            "`{{{inside}` is not closed; write `{{{{` for a brace"
                        ));
                    }
                    if !literal.is_empty() {
                        parts.push(Part::Literal(std::mem::take(&mut literal)));
                    }
                    parts.push(placeholder(&source, &inside)?);
                }
                c => literal.push(c),
            }
        }
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        let reserved = reserved(&source, &parts)?;
        Ok(Self {
            source,
            parts,
            reserved,
        })
    }

    fn write(&self, writer: &Ident, krate: &Krate) -> TokenStream {
        let parts = self.parts.iter();
        let parts = parts.map(|part| self.call(part, writer, krate));
        quote!(#(#parts;)*)
    }

    /// The call that writes a part.
    fn call(&self, part: &Part, writer: &Ident, krate: &Krate) -> TokenStream {
        let (private, reserved) = (krate.private(), &self.reserved);
        match part {
            Part::Literal(text) => quote!(#writer.literal(#text)),
            Part::Placeholder { value, raw: true } => call_raw(writer, value, krate),
            Part::Placeholder { value, raw: false } => {
                let value = span::over(value, quote!(#value));
                quote!(#private::placeholder(&mut #writer, #value, #reserved))
            }
        }
    }
}

fn call_raw(writer: &Ident, value: &Expr, krate: &Krate) -> TokenStream {
    let private = krate.private();
    let value = span::over(value, quote!(#value));
    quote!(#private::raw(&mut #writer, #value))
}

fn placeholder(source: &LitStr, inside: &str) -> syn::Result<Part> {
    let trimmed = inside.trim();
    let (text, raw) = match trimmed.strip_suffix(":raw") {
        Some(text) if !text.ends_with(':') => (text, true),
        _ => (trimmed, false),
    };
    let fail = |why: &str| Error::new(source.span(), format!("`{{{inside}}}` {why}"));
    if text.is_empty() {
        return Err(fail("is empty; name an argument in it, as in `{id}`"));
    }
    let value: Expr = LitStr::new(text, source.span()).parse().map_err(|error| {
        fail(&format!(
            "is not an expression: {error}; the only thing that may follow it is `:raw`"
        ))
    })?;
    Ok(Part::Placeholder {
        value: Box::new(value),
        raw,
    })
}

/// The characters that keep the values of placeholders apart, or why there are too few.
fn reserved(source: &LitStr, parts: &[Part]) -> syn::Result<String> {
    let places: Vec<usize> = (0..parts.len())
        .filter(|&i| matches!(parts[i], Part::Placeholder { .. }))
        .collect();
    let mut reserved: BTreeSet<char> = BTreeSet::new();
    for pair in places.windows(2) {
        if let Part::Placeholder { raw: true, .. } = &parts[pair[0]] {
            let message = "only the last placeholder may be `:raw`: what follows it could be part of its value";
            return Err(Error::new(source.span(), message));
        }
        let between: Vec<char> = match &parts[pair[0] + 1] {
            Part::Literal(text) => text.chars().collect(),
            Part::Placeholder { .. } => {
                let message = "two placeholders with nothing between them: (`1`, `23`) and (`12`, `3`) \
                               would share a key; put `:` between them";
                return Err(Error::new(source.span(), message));
            }
        };
        let separators = between
            .iter()
            .filter(|c| !c.is_alphanumeric() && **c != '%');
        if separators.clone().next().is_none() {
            let message = "between two placeholders there must be punctuation other than `%`, which is \
                           escaped in their values; put `:` there";
            return Err(Error::new(source.span(), message));
        }
        reserved.extend(separators);
    }
    Ok(reserved.into_iter().collect())
}

fn bare_name(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(ExprPath { path, .. }) => path.get_ident(),
        _ => None,
    }
}

/// `key!("...")`
pub(crate) fn expand_key(tokens: TokenStream) -> TokenStream {
    let (krate, template) = match parse_key.parse2(tokens) {
        Ok(parsed) => parsed,
        Err(error) => return error.into_compile_error(),
    };
    let private = krate.private();
    let writer = quote::format_ident!("__key", span = proc_macro2::Span::mixed_site());
    let parts = template.write(&writer, &krate);
    quote! {{
        let mut #writer = #private::KeyWriter::template();
        #parts
        #private::finish_key(#writer)
    }}
}

/// `"user:{id}"` or `crate = my_cache, "user:{id}"`
fn parse_key(input: ParseStream<'_>) -> syn::Result<(Krate, Template)> {
    let krate = match input.peek(Token![crate]) && input.peek2(Token![=]) {
        false => Krate::default(),
        true => {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            let krate = Krate::given(input.parse()?)?;
            input.parse::<Token![,]>()?;
            krate
        }
    };
    let expected = |error: Error| {
        let message =
            "`key!` takes a template in quotes and nothing else, as in `key!(\"user:{id}\")`";
        Error::new(error.span(), message)
    };
    let source = input.parse().map_err(expected)?;
    if !input.is_empty() {
        return Err(expected(input.error("")));
    }
    Ok((krate, Template::parse(source)?))
}
