//! The handles on the entries of a function.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::hidden::hidden;
use super::{Companion, generics};
use crate::cached::expand::parts::{Args, local};
use crate::cached::expand::{call, key};
use crate::cached::model::Cached;
use crate::param::Param;
use crate::span::{self, Ends};

/// The handle on one entry.
pub(super) fn entry(cached: &Cached) -> Companion {
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
pub(super) fn entries(cached: &Cached) -> Companion {
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
pub(super) fn hidden_entry(cached: &Cached) -> Companion {
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
