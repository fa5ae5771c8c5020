//! What comes with a function: a type of its name, or functions beside it.

mod handles;
mod hidden;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Signature;

use self::handles::{entries, entry, hidden_entry};
use self::hidden::{hidden_identity, hidden_key, hidden_renew, hidden_site};
use super::super::model::{Cached, Home};
use super::call;
use crate::returns::Way;
use crate::span;

/// One function that comes with the function.
#[derive(Clone)]
pub(super) struct Companion {
    attrs: TokenStream,
    sig: TokenStream,
    body: TokenStream,
}

/// All of them.
pub(super) fn all(cached: &Cached) -> Vec<Companion> {
    match &cached.home {
        Home::Nowhere => Vec::new(),
        Home::Trait(name) => vec![
            hidden_site(cached),
            hidden_identity(cached, name),
            entry(cached),
            entries(cached),
            hidden_entry(cached),
            hidden_key(cached),
        ],
        // Whatever an `impl` of a trait says of the first should come first.
        Home::Beside(name) => {
            let first = vec![hidden_site(cached), hidden_identity(cached, name)];
            [first, with_body(cached)].concat()
        }
        Home::Type(_) => [with_body(cached), vec![hidden_site(cached)]].concat(),
    }
}

fn with_body(cached: &Cached) -> Vec<Companion> {
    let mut all = vec![
        uncached(cached),
        refresh(cached),
        entry(cached),
        entries(cached),
        hidden_entry(cached),
        hidden_key(cached),
    ];
    if cached.freshness.background.is_some() {
        all.push(hidden_renew(cached));
    }
    all
}

/// As a type with associated functions.
pub(super) fn as_type(cached: &Cached, name: &Ident, companions: &[Companion]) -> TokenStream {
    let function = &cached.function;
    let vis = visibility(cached);
    let cfgs = function.cfgs();
    let here = here(cached);
    let doc = format!(
        "What belongs to the cached function [`{0}`](fn@{0}).",
        function.sig.ident
    );
    let mut companion = name.clone();
    companion.set_span(here);
    let companion = quote_spanned!(here=> #vis struct #companion {});
    let defined = defined(cached, companions, false);
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #companion

        #(#cfgs)*
        impl #name { #defined }
    }
}

/// As items of an `impl`; those of a trait have no visibility.
pub(super) fn defined(cached: &Cached, companions: &[Companion], of_trait: bool) -> TokenStream {
    let vis = match of_trait {
        true => TokenStream::new(),
        false => visibility(cached),
    };
    let cfgs = cached.cfgs_of_companions();
    let defined = companions.iter().map(|it| {
        let Companion { attrs, sig, body } = it;
        quote!(#(#cfgs)* #attrs #vis #sig #body)
    });
    quote!(#(#defined)*)
}

/// As items of a trait.
pub(super) fn declared(cached: &Cached, companions: &[Companion]) -> TokenStream {
    let cfgs = cached.cfgs_of_companions();
    let declared = companions.iter().map(|it| {
        let Companion { attrs, sig, .. } = it;
        quote!(#(#cfgs)* #attrs #sig;)
    });
    quote!(#(#declared)*)
}

/// Shown at the function's name, but code of the macro: lints pass it over.
fn here(cached: &Cached) -> Span {
    cached
        .function
        .sig
        .ident
        .span()
        .resolved_at(Span::call_site())
}

/// With a span of the macro, lints on the visibility are not told twice.
fn visibility(cached: &Cached) -> TokenStream {
    match cached.in_trait_impl {
        true => quote!(pub),
        false => span::at(&cached.function.vis, Span::call_site()),
    }
}

impl Cached {
    /// Where they are beside the function, they come and go with it.
    fn cfgs_of_companions(&self) -> Vec<syn::Attribute> {
        match &self.home {
            Home::Type(_) | Home::Nowhere => Vec::new(),
            Home::Beside(_) | Home::Trait(_) => self.function.cfgs(),
        }
    }

    fn renamed(&self, what: &str) -> Ident {
        let mut name = self.companion(what);
        name.set_span(here(self));
        name
    }
}

/// The body, untouched.
fn uncached(cached: &Cached) -> Companion {
    let function = &cached.function;
    let body_attrs = function.body_attrs();
    let sig = function.body_signature(cached.renamed("uncached"), &cached.names());
    let doc = format!("`{}` without its cache: it computes.", function.sig.ident);
    let body = &function.body;
    Companion {
        attrs: quote! {
            #[doc = #doc]
            #[allow(clippy::too_many_arguments, clippy::used_underscore_binding)]
            #(#body_attrs)*
        },
        sig: quote!(#sig),
        body: quote!(#body),
    }
}

/// The same call, which computes and stores.
fn refresh(cached: &Cached) -> Companion {
    let function = &cached.function;
    let mut sig: Signature = function.plain_signature(&cached.params, true);
    sig.ident = cached.renamed("refresh");
    let returns = &cached.returns.ty;
    if cached.returns.way != Way::Sync && cached.each.is_none() {
        sig.asyncness = None;
        sig.output = syn::parse_quote!(-> impl ::core::future::Future<Output = #returns>);
    }
    let body = call::refresh(cached);
    let doc = format!(
        "Computes what `{}` returns for these arguments, whatever is in the cache, and stores it.",
        function.sig.ident
    );
    Companion {
        attrs: quote! {
            #[doc = #doc]
            #[allow(clippy::too_many_arguments, clippy::used_underscore_binding)]
        },
        sig: quote!(#sig),
        body: quote!({ #body }),
    }
}

/// The function's generics and where-clause.
fn generics(cached: &Cached) -> (TokenStream, TokenStream) {
    let generics = &cached.function.sig.generics;
    let where_clause = &generics.where_clause;
    (quote!(#generics), quote!(#where_clause))
}
