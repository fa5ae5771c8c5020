//! The key of a call, and what it begins with.

use proc_macro2::{Ident, TokenStream};
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
    let instance = instance(cached).map(|it| quote!(.instance::<#it>()));
    let version = cached.version.as_ref().map(|it| {
        let version = format!("@{}", it.base10_digits());
        quote!(.version(#version))
    });
    quote!(#base #instance #version)
}

/// The same for all instances and versions.
pub(super) fn function_identity(cached: &Cached) -> TokenStream {
    let p = cached.krate.private();
    let pinned = cached.name.as_ref().map(|name| quote!(.pinned(#name)));
    match (&cached.name, &cached.home) {
        (Some(name), Home::Type(_)) => quote!(#p::Identity::named(#name)),
        (None, Home::Type(name)) => quote!(#p::Identity::of_path::<#name>()),
        (_, Home::Beside(_) | Home::Trait(_)) => {
            let identity = cached.path("__identity");
            quote!(#identity())
        }
        (_, Home::Nowhere) => quote!(#p::Identity::around(&|| ()) #pinned),
    }
}

/// The identity as a companion tells it, in whose name its own instance shows.
pub(super) fn identity_beside(cached: &Cached, name: &Ident) -> TokenStream {
    let p = cached.krate.private();
    let within = format!("::{}::{{{{closure}}}}", cached.companion("__identity"));
    let name = format!("::{name}");
    let pinned = cached.name.as_ref().map(|name| quote!(.pinned(#name)));
    quote!(#p::Identity::beside(&|| (), #within, #name) #pinned)
}

/// The type that tells one instance of a generic function from another.
fn instance(cached: &Cached) -> Option<TokenStream> {
    let generics = &cached.function.sig.generics;
    let types: Vec<_> = generics.type_params().map(|it| &it.ident).collect();
    let sized = find(&generics.to_token_stream(), "Sized").is_none()
        && find(&generics.where_clause.to_token_stream(), "Sized").is_none();
    match &types[..] {
        [] => None,
        [one] => Some(quote!(#one)),
        all if sized => Some(quote!((#(#all),*))),
        all => Some(quote!((#(::core::marker::PhantomData<#all>),*))),
    }
}

/// Whether there can be no other instance of the function.
pub(super) fn is_one(cached: &Cached) -> bool {
    matches!(cached.home, Home::Type(_)) && instance(cached).is_none()
}

/// The body of `__key`, where every argument is a reference, and so is the writer.
pub(super) fn body(cached: &Cached) -> TokenStream {
    match &cached.key {
        None => of_arguments(cached),
        Some(_) => of_template(cached),
    }
}

/// The block that writes the key where the arguments are as the function takes them.
pub(super) fn in_place(cached: &Cached) -> TokenStream {
    let lent = cached.keyed().map(|param| {
        let (Param { name, cfgs, .. }, lent) = (param, param.lend());
        quote!(#(#cfgs)* let #name = #lent;)
    });
    let body = body(cached);
    let writer = local("writer");
    quote!({ #(#lent)* let _ = &mut #writer; #body })
}

fn of_arguments(cached: &Cached) -> TokenStream {
    let (p, writer) = (cached.krate.private(), local("writer"));
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
        #(#constants)*
        #receiver
        #(#arguments)*
    }
}

fn of_template(cached: &Cached) -> TokenStream {
    let (p, writer) = (cached.krate.private(), local("writer"));
    let parts = cached
        .key
        .as_ref()
        .map(|form| form.write_for_call(&writer, &cached.krate));
    // A name may stand in the template only as a field or method; its argument is used all the same.
    let used = cached
        .keyed()
        .map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* let _ = #name;));
    let end = (!is_one(cached) || cached.version.is_some()).then(|| {
        let identity = identity(cached);
        quote!(#identity.end(&mut #writer);)
    });
    let constants = constants(cached).map(|name| quote!(#p::instance_value(&mut #writer, &#name);));
    let types = cached
        .keyed()
        .filter(|it| it.is_unnamed())
        .map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* #p::instance_type(&mut #writer, #name);));
    quote! {
        #(#used)*
        #parts
        #(#constants)*
        #(#types)*
        #end
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
