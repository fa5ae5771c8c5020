//! The code of a mutation: its keys, its body, and the deletions after it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::model::{Invalidate, Target};
use crate::args::private;

pub(super) fn expand(mutation: &Invalidate) -> TokenStream {
    let p = private();
    let function = &mutation.function;
    let (attrs, vis, body) = (&function.attrs, &function.vis, &function.body);
    let body_attrs = function.body_attrs();
    let returns = function.returns();
    let sig = function.plain_signature(&mutation.params);
    let [tag, doomed] = ["tag", "doomed"].map(|name| Ident::new(name, Span::mixed_site()));
    let entries = mutation
        .targets
        .iter()
        .map(|target| entry(mutation, target));
    let inner_name = format_ident!("__{}", function.sig.ident, span = Span::mixed_site());
    let inner = function.body_signature(inner_name.clone(), &mutation.names());
    let arguments = mutation.params.iter().map(|param| {
        let (name, cfgs) = (&param.name, &param.cfgs);
        quote!(#(#cfgs)* #name)
    });
    let arguments = quote!(#(#arguments),*);
    let run = match function.sig.asyncness {
        Some(_) => quote! {
            #p::invalidate_async(#doomed, (&#tag).shape(), #inner_name(#arguments)).await
        },
        None => quote! {
            #p::invalidate_sync(#doomed, (&#tag).shape(), move || #inner_name(#arguments))
        },
    };
    quote! {
        #(#attrs)*
        #vis #sig {
            #[allow(unused_imports)]
            use #p::{OfFallible as _, OfOther as _};

            #(#body_attrs)*
            #inner #body

            let #doomed = ::std::vec![#(#entries),*];
            let #tag = #p::Tag::<#returns>::NEW;
            #run
        }
    }
}

fn entry(mutation: &Invalidate, target: &Target) -> TokenStream {
    let p = private();
    match target {
        Target::Call { path, arguments } => quote!(#path::__doomed(#(&(#arguments)),*)),
        Target::Key(form) => {
            let writer = Ident::new("__writer", Span::mixed_site());
            let parts = form.write(&writer);
            let cache = mutation.cache.target(&p);
            quote! {{
                let mut #writer = #p::KeyWriter::template();
                #parts
                #p::Doomed::at(#cache, #writer.finish())
            }}
        }
    }
}
