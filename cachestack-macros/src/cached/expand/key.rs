//! The key of a call, and what it begins with.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::GenericParam;
use syn::spanned::Spanned;

use super::super::model::{Cached, Home};
use super::parts::local;
use crate::param::Param;
use crate::returns::find;
use quote::ToTokens;

/// The expression of the function's identity, with its instance and its version.
pub(super) fn identity(cached: &Cached) -> TokenStream {
    let base = function_identity(cached);
    let own = matches!(cached.home, Home::Nowhere) && cached.is_method && cached.name.is_none();
    let instance = instance(cached, own).map(|it| quote!(.instance::<#it>()));
    let version = version(cached);
    quote!(#base #instance #version)
}

fn version(cached: &Cached) -> Option<TokenStream> {
    let version = cached.version.as_ref()?;
    let version = format!("@{}", version.base10_digits());
    Some(quote!(.version(#version)))
}

/// What a template's key ends with: each instance of a generic function or type has its own entries.
fn end_of_template(cached: &Cached) -> Option<TokenStream> {
    let p = cached.krate.private();
    // Without companions the type may be anything, as the attribute does not see its `impl`.
    let is_nowhere = matches!(cached.home, Home::Nowhere);
    let own = cached.is_method && cached.in_generic_impl.unwrap_or(is_nowhere);
    let generics = (cached.is_method && !is_nowhere && cached.in_generic_impl.is_none())
        .then(|| quote!(.on::<Self>()));
    let instance = instance(cached, own).map(|it| quote!(.instance::<#it>()));
    let version = version(cached);
    let parts = quote!(#generics #instance #version);
    (!parts.is_empty()).then(|| quote!(#p::Identity::named("") #parts))
}

/// The same for all instances and versions.
pub(super) fn function_identity(cached: &Cached) -> TokenStream {
    let p = cached.krate.private();
    match (&cached.name, &cached.home) {
        (Some(name), Home::Type(_)) => quote!(#p::Identity::named(#name)),
        (Some(name), Home::Nowhere) if !cached.is_method => quote!(#p::Identity::named(#name)),
        (Some(name), _) => quote!(#p::Identity::named(#name).on::<Self>()),
        (None, Home::Type(name)) => quote!(#p::Identity::of_path::<#name>()),
        (None, Home::Beside(name) | Home::Trait(name)) => {
            let name = format!("::{name}");
            quote!(#p::Identity::of_method::<Self>(#name))
        }
        (None, Home::Nowhere) => {
            let name = &cached.function.sig.ident;
            let name = proc_macro2::Ident::new(&name.to_string(), proc_macro2::Span::mixed_site());
            quote! {{
                struct #name;
                #p::Identity::in_place::<#name>()
            }}
        }
    }
}

/// The type that tells one instance of a generic function from another, and of its own type where that is asked for.
fn instance(cached: &Cached, own: bool) -> Option<TokenStream> {
    let generics = &cached.function.sig.generics;
    let types: Vec<_> = generics.type_params().map(|it| &it.ident).collect();
    let sized = find(&generics.to_token_stream(), "Sized").is_none()
        && find(&generics.where_clause.to_token_stream(), "Sized").is_none();
    match (own, &types[..]) {
        (false, []) => None,
        (true, []) => Some(quote!(Self)),
        (false, [one]) => Some(quote!(#one)),
        (false, all) if sized => Some(quote!((#(#all),*))),
        (own, all) => {
            let own = own.then(|| quote!(::core::marker::PhantomData<Self>,));
            Some(quote!((#own #(::core::marker::PhantomData<#all>),*)))
        }
    }
}

/// The body of `__key`, where every argument is a reference.
pub(super) fn body(cached: &Cached) -> TokenStream {
    match &cached.key {
        None => of_arguments(cached),
        Some(_) => of_template(cached),
    }
}

/// The expression of the key where the arguments are as the function takes them.
pub(super) fn in_place(cached: &Cached) -> TokenStream {
    let lent = cached.keyed().map(|param| {
        let (Param { name, cfgs, .. }, lent) = (param, param.lend());
        quote!(#(#cfgs)* let #name = #lent;)
    });
    let body = body(cached);
    quote!({ #(#lent)* #body })
}

fn of_arguments(cached: &Cached) -> TokenStream {
    let (p, writer) = (cached.krate.private(), local("writer"));
    let identity = identity(cached);
    let constants = constants(cached).map(|name| quote!(#p::argument(&mut #writer, &#name);));
    let receiver = cached.receiver.as_ref().filter(|_| cached.writes_self());
    let receiver = receiver.map(|it| {
        let place = it.token.span();
        let own = it.lend();
        // In braces, so that what cannot be in a key is told at its place.
        let own_type = quote_spanned!(it.token.self_token.span()=> Self);
        quote_spanned!(place=> let () = { #p::argument_self::<#own_type> }(&mut #writer, #own);)
    });
    let arguments = cached.keyed().map(|param| {
        let (Param { name, cfgs, .. }, ty) = (param, param.target());
        match param.is_unnamed() {
            true => quote! {
                #(#cfgs)* #p::argument_type(&mut #writer, #name);
                #(#cfgs)* #p::argument(&mut #writer, #name);
            },
            // In braces, so that an argument that cannot be in a key is told at its type.
            false => quote!(#(#cfgs)* let () = { #p::argument::<#ty> }(&mut #writer, #name);),
        }
    });
    quote! {
        let mut #writer = #identity.key();
        #(#constants)*
        #receiver
        #(#arguments)*
        #writer.finish()
    }
}

fn of_template(cached: &Cached) -> TokenStream {
    let (p, writer) = (cached.krate.private(), local("writer"));
    let parts = cached
        .key
        .as_ref()
        .map(|form| form.write(&writer, &cached.krate));
    // A name may stand in the template only as a field or method; its argument is used all the same.
    let used = cached
        .keyed()
        .map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* let _ = #name;));
    let end = end_of_template(cached).map(|end| quote!(#end.end(&mut #writer);));
    let constants = constants(cached).map(|name| quote!(#p::instance_value(&mut #writer, &#name);));
    let types = cached
        .keyed()
        .filter(|it| it.is_unnamed())
        .map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* #p::instance_type(&mut #writer, #name);));
    quote! {
        #(#used)*
        let mut #writer = #p::KeyWriter::template();
        #parts
        #(#constants)*
        #(#types)*
        #end
        #writer.finish()
    }
}

/// What the function is generic over beside types.
fn constants(cached: &Cached) -> impl Iterator<Item = &proc_macro2::Ident> {
    let params = cached.function.sig.generics.params.iter();
    params.filter_map(|param| match param {
        GenericParam::Const(it) => Some(&it.ident),
        _ => None,
    })
}
