//! The code of a cached function. Short: it calls ordinary functions of the support module.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericArgument, PathArguments, Type};

use super::model::Cached;
use crate::args::private;
use crate::item::Param;
use crate::template::KeyForm;

pub(super) fn expand(cached: &Cached) -> TokenStream {
    let wrapper = wrapper(cached);
    let companions = companions(cached);
    quote! { #wrapper #companions }
}

/// The function that callers see: same name, same signature.
fn wrapper(cached: &Cached) -> TokenStream {
    let p = private();
    let function = &cached.function;
    let (attrs, vis, name) = (&function.attrs, &function.vis, &function.sig.ident);
    let sig = function.plain_signature(&cached.params);
    let returns = function.returns();
    let call = call(cached, by_reference(&cached.params));
    let (shape, tag) = (shape(&p), tag());
    let arguments = names(cached.params.iter());
    let keep = match &cached.condition {
        Some(condition) => quote!(#condition),
        None => quote!(#p::keep_all),
    };
    // What the value lacks is told at the return type.
    let span = function.returns_span().resolved_at(Span::mixed_site());
    let (call_fn, wait) = match function.sig.asyncness {
        Some(_) => (quote_spanned!(span=> #p::call_async), Some(quote!(.await))),
        None => (quote_spanned!(span=> #p::call_sync), None),
    };
    quote! {
        #(#attrs)*
        #vis #sig {
            #shape
            let #tag = #p::Tag::<#returns>::NEW;
            #call_fn(
                #call,
                (&#tag).shape(),
                (&#tag).share(),
                #keep,
                move || #name::uncached(#arguments),
            ) #wait
        }
    }
}

/// The type of the function's name, with everything that belongs to the function.
fn companions(cached: &Cached) -> TokenStream {
    let p = private();
    let function = &cached.function;
    let (vis, sig, body) = (&function.vis, &function.sig, &function.body);
    let (name, generics, where_clause) = (&sig.ident, &sig.generics, &sig.generics.where_clause);
    let (cfgs, body_attrs) = (function.cfgs(), function.body_attrs());
    let returns = function.returns();
    let (shape, tag) = (shape(&p), tag());
    let used = cached.key.as_ref().map(KeyForm::names).unwrap_or_default();
    let uncached = function.body_signature(Ident::new("uncached", name.span()), &used);
    let keyed: Vec<&Param> = cached.params.iter().filter(|param| !param.skip).collect();
    let owned = keyed
        .iter()
        .map(|Param { name, ty, cfgs, .. }| quote!(#(#cfgs)* #name: #ty));
    let borrowed: Vec<TokenStream> = keyed
        .iter()
        .map(|Param { name, ty, cfgs, .. }| quote!(#(#cfgs)* #name: &#ty))
        .collect();
    let by_owned = call(cached, by_reference(&cached.params));
    let by_borrowed = call(cached, names(keyed.iter().copied()));
    let (view, entry) = match ok_type(&returns) {
        true => (
            quote!(<#returns as #p::Fallible>::Value),
            quote!(entry_of_value),
        ),
        false => (quote!(#returns), quote!(entry_of_return)),
    };
    let key = key(cached);
    let doc = format!("What belongs to the cached function [`{name}`](fn@{name}).");
    let entry_doc = format!("The handle on the entry of `{name}` for these arguments.");
    let uncached_doc = format!("`{name}` without its cache: it computes.");
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #[allow(non_camel_case_types, dead_code)]
        #vis struct #name {}

        #(#cfgs)*
        #[allow(dead_code, clippy::too_many_arguments)]
        impl #name {
            #[doc = #uncached_doc]
            #(#body_attrs)*
            #vis #uncached #body

            #[doc = #entry_doc]
            #vis fn entry #generics (#(#owned),*) -> #p::CachedEntry<#view> #where_clause {
                #shape
                let #tag = #p::Tag::<#returns>::NEW;
                #p::#entry(#by_owned, (&#tag).shape(), #tag)
            }

            #[doc(hidden)]
            #vis fn __doomed #generics (#(#borrowed),*) -> #p::Doomed #where_clause {
                #p::Doomed::of(#by_borrowed)
            }

            #[doc(hidden)]
            #vis fn __key #generics (
                #(#borrowed),*
            ) -> ::core::result::Result<#p::KeyText, #p::KeyError> #where_clause {
                #key
            }

            #[doc(hidden)]
            #vis fn __site() -> &'static #p::Site {
                static SITE: #p::Site = #p::Site::new::<#name>();
                &SITE
            }
        }
    }
}

/// The traits whose methods tell by type what the return type is.
fn shape(p: &TokenStream) -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        use #p::{OfFallible as _, OfOther as _, OfShareable as _, OfUnshareable as _};
    }
}

/// The name of the return type's tag, which no parameter can have.
fn tag() -> Ident {
    Ident::new("tag", Span::mixed_site())
}

/// The expression of a `Call` whose key is made of these arguments.
fn call(cached: &Cached, arguments: TokenStream) -> TokenStream {
    let p = private();
    let name = &cached.function.sig.ident;
    let target = cached.cache.target(&p);
    let site = match cached.key {
        Some(_) => quote!(::core::option::Option::None),
        None => quote!(::core::option::Option::Some(#name::__site())),
    };
    let ttl = match &cached.ttl {
        Some(ttl) => quote!(::core::option::Option::Some(#ttl)),
        None => quote!(::core::option::Option::None),
    };
    quote! {
        #p::Call {
            site: #site,
            target: #target,
            key: #name::__key(#arguments),
            ttl: #ttl,
        }
    }
}

/// The body of `__key`, where every argument is a reference.
fn key(cached: &Cached) -> TokenStream {
    let p = private();
    let writer = Ident::new("__writer", Span::mixed_site());
    let version = cached
        .version
        .as_ref()
        .map(|it| format!("@{}", it.base10_digits()));
    let Some(form) = &cached.key else {
        let arguments = cached
            .params
            .iter()
            .filter(|param| !param.skip)
            .map(|param| {
                let Param { name, ty, cfgs, .. } = param;
                // An argument that cannot be in a key is told at its type.
                let span = syn::spanned::Spanned::span(ty).resolved_at(Span::mixed_site());
                let argument = quote_spanned!(span=> #p::argument);
                quote!(#(#cfgs)* #argument(&mut #writer, #name);)
            });
        let start = match version {
            Some(version) => quote!(#p::versioned(Self::__site().identity(), #version)),
            None => quote!(#p::KeyWriter::function(Self::__site().identity())),
        };
        return quote! {
            let mut #writer = #start;
            #(#arguments)*
            #writer.finish()
        };
    };
    let parts = form.write(&writer);
    let version = version.map(|version| quote!(#writer.literal(#version);));
    // A name may stand in the template only as a field or method; its argument is used all the same.
    let used = names(cached.params.iter().filter(|param| !param.skip));
    quote! {
        let _ = (#used);
        let mut #writer = #p::KeyWriter::template();
        #parts
        #version
        #writer.finish()
    }
}

fn names<'a>(params: impl Iterator<Item = &'a Param>) -> TokenStream {
    let names = params.map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* #name));
    quote!(#(#names),*)
}

fn by_reference(params: &[Param]) -> TokenStream {
    let keyed = params.iter().filter(|param| !param.skip);
    let names = keyed.map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* &#name));
    quote!(#(#names),*)
}

/// Whether a type is written as a `Result`, by whatever path.
fn ok_type(ty: &Type) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    path.path.segments.last().is_some_and(|last| {
        last.ident == "Result"
            && matches!(&last.arguments, PathArguments::AngleBracketed(arguments)
                if arguments.args.iter().any(|it| matches!(it, GenericArgument::Type(_))))
    })
}
