//! `ttl = ...` and other times: seconds, a text, an expression, or a closure over the value.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, Expr, ExprClosure, ExprLit, ExprUnary, Lit, UnOp};

/// A time of an entry.
pub(crate) enum Time {
    /// The expression of a `Duration`.
    Fixed(TokenStream),
    /// A closure over the value.
    ByValue(ExprClosure),
}

impl Time {
    pub(crate) fn parse(name: &Ident, value: Expr) -> syn::Result<Self> {
        match value {
            Expr::Closure(closure) => Ok(Self::ByValue(closure)),
            value => fixed(name, &value).map(Self::Fixed),
        }
    }
}

/// The expression of a `Duration`, checked where it is a literal.
pub(crate) fn fixed(name: &Ident, value: &Expr) -> syn::Result<TokenStream> {
    let wrong = |why: &str| {
        let message = format!(
            "{why}; `{name}` is a time above zero: seconds (`60`, `0.5`), a text (`\"1h 30m\"`, \
             `\"250ms\"`), or an expression of type `Duration`",
        );
        Error::new_spanned(value, message)
    };
    let time = match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Int(seconds) if seconds.suffix().is_empty() => seconds
                .base10_parse()
                .map(Duration::from_secs)
                .map_err(|_| wrong("this number is too large"))?,
            Lit::Float(seconds) if seconds.suffix().is_empty() => seconds
                .base10_parse()
                .ok()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .ok_or_else(|| wrong("this number is too large"))?,
            Lit::Str(text) => humantime::parse_duration(&text.value())
                .map_err(|error| wrong(&format!("this is not a time: {error}")))?,
            Lit::Int(number) if is_time(&number.to_string()) => {
                return Err(wrong(&format!("a unit needs quotes: `\"{number}\"`")));
            }
            _ => return Err(wrong("this is not a time")),
        },
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_), ..
        }) => return Err(wrong("a time cannot be negative")),
        expression => {
            // What is no `Duration` is told at the expression and the argument's name.
            let ty = quote_spanned!(name.span()=> ::core::time::Duration);
            return Ok(quote! {{
                let time: #ty = #expression;
                time
            }});
        }
    };
    if time.is_zero() {
        return Err(wrong("a time of zero keeps nothing"));
    }
    let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
    Ok(quote!(::core::time::Duration::new(#seconds, #nanos)))
}

fn is_time(text: &str) -> bool {
    humantime::parse_duration(text).is_ok()
}
