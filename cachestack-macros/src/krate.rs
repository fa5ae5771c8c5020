//! Where the library is: `::cachestack`, or what `crate = ...` says.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Error, Expr, ExprPath, Path};

use crate::span::{self, Ends};

/// The path of the library as the user's crate knows it.
#[derive(Clone, Default)]
pub(crate) struct Krate(Option<Path>);

impl Krate {
    /// The path that is given as the value of `crate = ...`.
    pub(crate) fn given(value: Expr) -> syn::Result<Self> {
        match value {
            Expr::Path(ExprPath {
                path, qself: None, ..
            }) => Ok(Self(Some(path))),
            other => Err(Error::new_spanned(
                other,
                "`crate` is the path of the library, as in `crate = my_cache` or `crate = my_crate::cachestack`",
            )),
        }
    }

    /// The other, where this one is not given.
    pub(crate) fn or(&mut self, other: &Self) {
        if self.0.is_none() {
            self.0.clone_from(&other.0);
        }
    }

    /// The path of the support module.
    pub(crate) fn private(&self) -> TokenStream {
        match &self.0 {
            None => quote!(::cachestack::__private),
            Some(path) => quote!(#path::__private),
        }
    }

    /// The same with every token at a place.
    pub(crate) fn private_at(&self, place: Span) -> TokenStream {
        match &self.0 {
            None => quote_spanned!(place=> ::cachestack::__private),
            Some(path) => {
                let path = span::at(path, place);
                quote_spanned!(place=> #path::__private)
            }
        }
    }

    /// A call of a function of the support module, shown as what lies between the ends.
    pub(crate) fn call(
        &self,
        ends: Ends,
        function: &str,
        generics: TokenStream,
        arguments: TokenStream,
    ) -> TokenStream {
        let private = match &self.0 {
            None => {
                let start = quote_spanned!(ends.first=> ::);
                quote!(#start cachestack::__private)
            }
            Some(path) => {
                let mut path = path.to_token_stream().into_iter();
                let first = path.next().map(|mut first| {
                    first.set_span(first.span().located_at(ends.first));
                    first
                });
                let rest: TokenStream = path.collect();
                quote!(#first #rest::__private)
            }
        };
        let function = Ident::new(function, ends.last);
        let arguments = span::group(Delimiter::Parenthesis, arguments, ends.last);
        quote!(#private::#function #generics #arguments)
    }
}
