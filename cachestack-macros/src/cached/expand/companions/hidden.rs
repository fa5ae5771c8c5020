//! What only the macros' own code calls.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Signature;

use super::{Companion, generics};
use crate::cached::expand::parts::local;
use crate::cached::expand::{call, key};
use crate::cached::model::Cached;

/// The same call in the background, which computes what is stale.
pub(super) fn hidden_renew(cached: &Cached) -> Companion {
    let mut sig: Signature = cached.function.plain_signature(&cached.params, true);
    sig.ident = cached.renamed("__renew");
    let body = call::renew(cached);
    Companion {
        attrs: hidden(),
        sig: quote!(#sig),
        body: quote!({ #body }),
    }
}

pub(super) fn hidden_key(cached: &Cached) -> Companion {
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

pub(super) fn hidden_site(cached: &Cached) -> Companion {
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
pub(super) fn hidden_identity(cached: &Cached, function: &Ident) -> Companion {
    let (p, name) = (cached.krate.private(), cached.renamed("__identity"));
    let identity = key::identity_beside(cached, function);
    Companion {
        attrs: hidden(),
        sig: quote!(fn #name() -> #p::Identity),
        body: quote!({ #identity }),
    }
}

pub(super) fn hidden() -> TokenStream {
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
