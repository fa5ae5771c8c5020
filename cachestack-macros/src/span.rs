//! Where the compiler shows what is wrong: at the user's own tokens.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

/// The spans of the first and the last token. `Span::join` is not stable, but an expression that begins with
/// the one and ends with the other is shown as everything between them.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    pub(crate) first: Span,
    pub(crate) last: Span,
}

impl Ends {
    pub(crate) fn of(tokens: &impl ToTokens) -> Self {
        let mut tokens = tokens.to_token_stream().into_iter();
        let Some(first) = tokens.next() else {
            return Self::at(Span::call_site());
        };
        let last = tokens.last().unwrap_or_else(|| first.clone());
        Self {
            first: match first {
                TokenTree::Group(group) => group.span_open(),
                token => token.span(),
            },
            last: match last {
                TokenTree::Group(group) => group.span_close(),
                token => token.span(),
            },
        }
    }

    pub(crate) fn at(span: Span) -> Self {
        Self {
            first: span,
            last: span,
        }
    }

    /// `(receiver).method()`, shown as what lies between the ends.
    pub(crate) fn method(self, receiver: TokenStream, method: TokenStream) -> TokenStream {
        let receiver = group(Delimiter::Parenthesis, receiver, self.first);
        let call = group(Delimiter::Parenthesis, TokenStream::new(), self.last);
        quote!(#receiver.#method #call)
    }
}

/// A reference to a value, shown as the tokens.
pub(crate) fn over(tokens: &impl ToTokens, value: TokenStream) -> TokenStream {
    let ends = Ends::of(tokens);
    let value = group(Delimiter::Parenthesis, value, ends.last);
    let and = quote_spanned!(ends.first=> &);
    quote!(#and #value)
}

/// A group with the span of another.
pub(crate) fn group(delimiter: Delimiter, content: TokenStream, span: Span) -> TokenTree {
    let mut group = Group::new(delimiter, content);
    group.set_span(span);
    group.into()
}

/// The tokens with another span.
pub(crate) fn at(tokens: &impl ToTokens, span: Span) -> TokenStream {
    let moved = tokens.to_token_stream().into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    moved.collect()
}
