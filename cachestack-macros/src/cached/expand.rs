//! The code of a cached function. Short: it calls ordinary functions of the support module.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, GenericArgument, PathArguments, ReturnType, Type};

use super::model::Cached;
use crate::args::private;
use crate::item::Param;
use crate::span::{self, Ends};
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
    let (attrs, vis, name) = (function.outer_attrs(), &function.vis, &function.sig.ident);
    let sig = function.plain_signature(&cached.params);
    let returns = function.returns();
    let call = call(cached, by_reference(cached), &ttl(cached));
    let (witness, shape, tag) = (witness(cached), shape(cached), local("tag"));
    let arguments = names(cached.params.iter());
    // What the value lacks is told by the witness; what else does not fit is the condition.
    let (keep, ends) = match &cached.condition {
        Some(condition) => (keep(condition), Ends::of(condition)),
        None => (quote!(#p::keep_all), returns_ends(cached)),
    };
    let (ends, call_fn, generics, wait) = match function.sig.asyncness {
        Some(_) => {
            let ends = Ends::at(ends.last);
            let wait = quote_spanned!(ends.last=> .await);
            (ends, "call_async", quote!(::<#returns, _, _, _>), wait)
        }
        None => (ends, "call_sync", quote!(::<#returns, _, _>), quote!()),
    };
    let arguments = quote! {
        #call,
        #shape,
        (&#tag).share(),
        #keep,
        move || #name::uncached(#arguments),
    };
    let call = span::call(ends, call_fn, generics, arguments);
    // With the user's braces the whole function is the user's own for lints and errors.
    let body = span::group(
        Delimiter::Brace,
        quote!(#witness #call #wait),
        function.body.span(),
    );
    quote!(#(#attrs)* #vis #sig #body)
}

/// The type of the function's name, with everything that belongs to the function.
fn companions(cached: &Cached) -> TokenStream {
    let p = private();
    let function = &cached.function;
    let (sig, body) = (&function.sig, &function.body);
    // With a span of the macro, lints on the visibility are not told twice.
    let vis = span::at(&function.vis, Span::call_site());
    let (name, generics, where_clause) = (&sig.ident, &sig.generics, &sig.generics.where_clause);
    let (cfgs, body_attrs) = (function.cfgs(), function.body_attrs());
    // Shown at the function's name, but code of the macro: lints pass it over.
    let here = name.span().resolved_at(Span::call_site());
    let returns = function.returns();
    let (witness, shape, tag) = (witness(cached), shape(cached), local("tag"));
    let used = cached.key.as_ref().map(KeyForm::names).unwrap_or_default();
    let uncached = function.body_signature(Ident::new("uncached", here), &used);
    let keyed: Vec<&Param> = cached.keyed().collect();
    let owned = keyed
        .iter()
        .map(|Param { name, ty, cfgs, .. }| quote!(#(#cfgs)* #name: #ty));
    let borrowed: Vec<TokenStream> = keyed
        .iter()
        .map(|param| {
            let (Param { name, cfgs, .. }, lent) = (param, param.lent());
            quote!(#(#cfgs)* #name: #lent)
        })
        .collect();
    let (ttl, no_ttl) = (ttl(cached), quote!(::core::option::Option::None));
    let by_owned = call(cached, by_reference(cached), &ttl);
    let by_borrowed = call(cached, names(keyed.iter().copied()), &no_ttl);
    let (handle, entry) = match ok_type(&returns) {
        true => (ok_entry(&returns), quote!(entry_of_value)),
        false => (quote!(#p::CachedEntry<#returns>), quote!(entry_of_return)),
    };
    let key = key(cached);
    let doc = format!("What belongs to the cached function [`{name}`](fn@{name}).");
    let entry_doc = format!("The handle on the entry of `{name}` for these arguments.");
    let uncached_doc = format!("`{name}` without its cache: it computes.");
    let mut companion = name.clone();
    companion.set_span(here);
    let companion = quote_spanned!(here=> #vis struct #companion {});
    quote! {
        #(#cfgs)*
        #[doc = #doc]
        #companion

        #(#cfgs)*
        impl #name {
            #[doc = #uncached_doc]
            #[allow(clippy::too_many_arguments)]
            #(#body_attrs)*
            #vis #uncached #body

            #[doc = #entry_doc]
            #[allow(clippy::too_many_arguments)]
            #vis fn entry #generics (#(#owned),*) -> #handle #where_clause {
                #witness
                #p::#entry(#by_owned, #shape, #tag)
            }

            #[doc(hidden)]
            #[allow(clippy::too_many_arguments, clippy::ptr_arg, clippy::ref_option_ref)]
            #vis fn __doomed #generics (#(#borrowed),*) -> #p::Doomed #where_clause {
                #p::Doomed::of(#by_borrowed)
            }

            #[doc(hidden)]
            #[allow(clippy::too_many_arguments, clippy::ptr_arg, clippy::ref_option_ref)]
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

/// The condition as a closure. What is not one is called by one, so that it is told like any call.
fn keep(condition: &Expr) -> TokenStream {
    if let Expr::Closure(_) = condition {
        return quote!(#condition);
    }
    let Ends { first, last } = Ends::of(condition);
    let condition = span::group(Delimiter::Parenthesis, quote!(#condition), first);
    let value = Ident::new("value", last.resolved_at(Span::mixed_site()));
    let arguments = span::group(Delimiter::Parenthesis, quote!(#value), last);
    quote!(|#value| #condition #arguments)
}

/// The return type's tag, and the traits whose methods tell by type what the return type is.
///
/// What the value lacks is told at the return type, and once for all functions that keep it: they begin with
/// the same check, and what fails again at the same place is not told again.
fn witness(cached: &Cached) -> TokenStream {
    let (p, tag, shape) = (private(), local("tag"), shape(cached));
    let returns = cached.function.returns();
    quote! {
        use #p::{OfFallible as _, OfOther as _, OfShareable as _, OfUnshareable as _};
        let #tag = #p::Tag::<#returns>::NEW;
        #p::check_value(#shape, &#tag);
    }
}

/// How the return value is kept, shown as the return type.
fn shape(cached: &Cached) -> TokenStream {
    let tag = local("tag");
    returns_ends(cached).method(quote!(&#tag), quote!(shape))
}

/// Where to point for the return type. An `.await` is shown at a single token, so for an async function all
/// of it is: at the last name, as in `io::Result<User>`.
fn returns_ends(cached: &Cached) -> Ends {
    let function = &cached.function;
    let returns = match &function.sig.output {
        ReturnType::Default => return Ends::at(function.sig.ident.span()),
        ReturnType::Type(_, returns) => returns,
    };
    match (function.sig.asyncness, &**returns) {
        (None, _) => Ends::of(returns),
        (Some(_), Type::Path(path)) => match path.path.segments.last() {
            Some(last) => Ends::of(&last.ident),
            None => Ends::of(returns),
        },
        (Some(_), _) => Ends::at(Ends::of(returns).first),
    }
}

/// The handle on what is in the `Ok` of a return type, shown as that type.
fn ok_entry(returns: &Type) -> TokenStream {
    let p = private();
    let Ends { first, last } = Ends::of(returns);
    let start = quote_spanned!(first=> ::);
    let open = quote_spanned!(first=> <);
    let value = quote_spanned!(last=> Value);
    let end = quote_spanned!(last=> >);
    quote!(#start cachestack::__private::CachedEntry<#open #returns as #p::Fallible>::#value #end)
}

/// A variable that no parameter can meet.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

fn ttl(cached: &Cached) -> TokenStream {
    match &cached.ttl {
        Some(ttl) => quote!(::core::option::Option::Some(#ttl)),
        None => quote!(::core::option::Option::None),
    }
}

/// The expression of a `Call` whose key is made of these arguments.
fn call(cached: &Cached, arguments: TokenStream, ttl: &TokenStream) -> TokenStream {
    let p = private();
    let name = &cached.function.sig.ident;
    let target = cached.cache.target(&p);
    let site = match cached.key {
        Some(_) => quote!(::core::option::Option::None),
        None => quote!(::core::option::Option::Some(#name::__site())),
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
    let writer = local("writer");
    let version = cached
        .version
        .as_ref()
        .map(|it| format!("@{}", it.base10_digits()));
    let Some(form) = &cached.key else {
        let arguments = cached.keyed().map(|param| {
            let (Param { name, cfgs, .. }, ty) = (param, param.target());
            // In braces, so that an argument that cannot be in a key is told at its type.
            quote!(#(#cfgs)* let () = { #p::argument::<#ty> }(&mut #writer, #name);)
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
    let used = cached
        .keyed()
        .map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* let _ = #name;));
    quote! {
        #(#used)*
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

fn by_reference(cached: &Cached) -> TokenStream {
    let lent = cached.keyed().map(|param| {
        let (cfgs, lent) = (&param.cfgs, param.lend());
        quote!(#(#cfgs)* #lent)
    });
    quote!(#(#lent),*)
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
