//! What comes with a function: a type of its name, or functions beside it.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Signature;

use super::super::model::{Cached, Home};
use super::parts::{Args, local};
use super::{call, key};
use crate::param::Param;
use crate::returns::Way;
use crate::span::{self, Ends};

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

/// The same call in the background, which computes what is stale.
fn hidden_renew(cached: &Cached) -> Companion {
    let mut sig: Signature = cached.function.plain_signature(&cached.params, true);
    sig.ident = cached.renamed("__renew");
    let body = call::renew(cached);
    Companion {
        attrs: hidden(),
        sig: quote!(#sig),
        body: quote!({ #body }),
    }
}

/// The handle on one entry.
fn entry(cached: &Cached) -> Companion {
    let (p, returns) = (cached.krate.private(), cached.kept_of());
    let (generics, where_clause) = generics(cached);
    let (name, handle) = (cached.renamed("entry"), handle(cached));
    let params = cached.keyed_params();
    let (inner, turbofish) = (cached.path("__entry"), cached.function.turbofish());
    let lent = match &cached.receiver {
        // The companion has it as a reference already.
        Some(receiver) => {
            let token = &receiver.token.self_token;
            let lent = cached.keyed().map(|param| {
                let (cfgs, lent) = (&param.cfgs, param.lend());
                quote!(#(#cfgs)* #lent)
            });
            quote!(#token, #(#lent),*)
        }
        None => cached.lend(),
    };
    // What is wrong with the handle's type is told once, at that type.
    let Ends { first, last } = Ends::of(&cached.returns.ty);
    let lent = span::group(Delimiter::Parenthesis, lent, last);
    let mut inner = span::at(&inner, last).into_iter();
    let owner = inner.next().map(|mut owner| {
        owner.set_span(first);
        owner
    });
    let inner: TokenStream = owner.into_iter().chain(inner).collect();
    let base = quote!(#inner #turbofish #lent);
    let body = match (&cached.ttl, &cached.none_ttl) {
        (None, None) => base,
        _ => {
            let (witness, shape, form) = (cached.witness(), cached.shape(), local("form"));
            let lifetime = cached.lifetime();
            let lasting = Ident::new(
                match cached.returns.is_result() || cached.each.is_some() {
                    true => "lasting_value",
                    false => "lasting_return",
                },
                Span::call_site(),
            );
            quote!(#witness #p::#lasting::<#returns, _, _>(#base, #shape, #form, #lifetime))
        }
    };
    let freshness = cached.freshness.is_said().then(|| {
        let said = cached.freshness.expression(&cached.krate);
        quote!(.freshness(#said))
    });
    let doc = format!(
        "The handle on the entry of `{}` for these arguments.",
        cached.function.sig.ident
    );
    Companion {
        attrs: quote! {
            #[doc = #doc]
            #[allow(clippy::too_many_arguments, clippy::used_underscore_binding, clippy::unused_self, clippy::needless_pass_by_value)]
        },
        sig: quote!(fn #name #generics (#params) -> #handle #where_clause),
        body: quote!({ #body #freshness }),
    }
}

/// The handle on all entries.
fn entries(cached: &Cached) -> Companion {
    let p = cached.krate.private();
    let name = cached.renamed("entries");
    let (site, identity) = (cached.site(), key::function_identity(cached));
    let target = cached.cache.target(&cached.krate);
    let receiver = cached.lent_receiver();
    let named: Vec<&Param> = cached
        .params
        .iter()
        .filter(|it| cached.cache.uses(&it.name.to_string()))
        .collect();
    let params = named
        .iter()
        .map(|Param { name, ty, cfgs, .. }| quote!(#(#cfgs)* #name: #ty));
    let (generics, where_clause) = match named.is_empty() && receiver.is_none() {
        true => (TokenStream::new(), TokenStream::new()),
        false => lifetimes(cached),
    };
    let doc = format!(
        "The handle on all entries of `{}`.",
        cached.function.sig.ident
    );
    Companion {
        attrs: quote! {
            #[doc = #doc]
            #[allow(clippy::unused_self, clippy::needless_pass_by_value)]
        },
        sig: quote!(fn #name #generics (#receiver #(#params),*) -> #p::CachedEntries #where_clause),
        body: quote!({ #p::CachedEntries::new(#site, #identity, #target) }),
    }
}

/// The handle on one entry, for those who have references.
fn hidden_entry(cached: &Cached) -> Companion {
    let (p, returns) = (cached.krate.private(), cached.kept_of());
    let (generics, where_clause) = generics(cached);
    let (name, params, handle) = (
        cached.renamed("__entry"),
        cached.lent_params(),
        handle(cached),
    );
    let (witness, shape, form) = (cached.witness(), cached.shape(), local("form"));
    let (key, call) = (
        cached.write_key(Args::Borrowed),
        cached.call(Args::Borrowed),
    );
    let tags = call::tags(cached).map(|add| quote!(.tags(#add)));
    let make = Ident::new(
        match cached.returns.is_result() || cached.each.is_some() {
            true => "entry_of_value",
            false => "entry_of_return",
        },
        Span::call_site(),
    );
    Companion {
        attrs: hidden(),
        sig: quote!(fn #name #generics (#params) -> #handle #where_clause),
        body: quote!({ #witness #key #p::#make::<#returns, _>(#call, #shape, #form) #tags }),
    }
}

fn hidden_key(cached: &Cached) -> Companion {
    let p = cached.krate.private();
    let (generics, where_clause) = generics(cached);
    let (name, params, body) = (
        cached.renamed("__key"),
        cached.lent_params(),
        key::body(cached),
    );
    let writer = local("writer");
    Companion {
        attrs: hidden(),
        sig: quote! {
            fn #name #generics (#params #writer: &mut #p::KeyWriter) #where_clause
        },
        // Without arguments it writes nothing.
        body: quote!({ let mut #writer = #writer; let _ = &mut #writer; #body }),
    }
}

fn hidden_site(cached: &Cached) -> Companion {
    let (p, name) = (cached.krate.private(), cached.renamed("__site"));
    Companion {
        attrs: hidden(),
        sig: quote!(fn #name() -> &'static #p::Site),
        body: quote! {{
            static SITE: #p::Site = #p::Site::new();
            &SITE
        }},
    }
}

/// The closure in it bears the name of the type, and of the trait, with what this instance is generic over.
fn hidden_identity(cached: &Cached, function: &Ident) -> Companion {
    let (p, name) = (cached.krate.private(), cached.renamed("__identity"));
    let identity = key::identity_beside(cached, function);
    Companion {
        attrs: hidden(),
        sig: quote!(fn #name() -> #p::Identity),
        body: quote!({ #identity }),
    }
}

fn hidden() -> TokenStream {
    quote! {
        #[doc(hidden)]
        #[allow(
            clippy::too_many_arguments, clippy::used_underscore_binding,
            clippy::ptr_arg,
            clippy::ref_option_ref,
            clippy::ref_option,
            clippy::trivially_copy_pass_by_ref,
            clippy::unused_self
        )]
    }
}

/// The function's generics and where-clause.
fn generics(cached: &Cached) -> (TokenStream, TokenStream) {
    let generics = &cached.function.sig.generics;
    let where_clause = &generics.where_clause;
    (quote!(#generics), quote!(#where_clause))
}

/// The same without what a caller would have to name.
fn lifetimes(cached: &Cached) -> (TokenStream, TokenStream) {
    let lifetimes: Vec<_> = cached.function.sig.generics.lifetimes().collect();
    match lifetimes.is_empty() {
        true => (TokenStream::new(), TokenStream::new()),
        false => (quote!(<#(#lifetimes),*>), TokenStream::new()),
    }
}

/// The type of the handle: on what is in the `Ok` of a return type that is written as a `Result`, shown as that
/// type.
fn handle(cached: &Cached) -> TokenStream {
    let returns = &cached.returns.ty;
    let p = cached.krate.private();
    if let Some(each) = &cached.each {
        let value = each.value();
        return quote!(#p::CachedEntry<#value>);
    }
    if !cached.returns.is_result() {
        return quote!(#p::CachedEntry<#returns>);
    }
    let Ends { first, last } = Ends::of(returns);
    let open = quote_spanned!(first=> <);
    let value = quote_spanned!(last=> Value);
    let end = quote_spanned!(last=> >);
    let start = cached.krate.private_at(first);
    quote!(#start::CachedEntry<#open #returns as #p::Fallible>::#value #end)
}
