//! The code of a mutation: its keys, its body, and the deletions after it.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::model::{Invalidate, Target};
use crate::args::private;
use crate::span::{self, Ends};

pub(super) fn expand(mutation: &Invalidate) -> TokenStream {
    let p = private();
    let function = &mutation.function;
    let (attrs, vis, body) = (function.outer_attrs(), &function.vis, &function.body);
    let body_attrs = function.body_attrs();
    let returns = function.returns();
    let sig = function.plain_signature(&mutation.params);
    let [tag, doomed] = ["tag", "doomed"].map(|name| Ident::new(name, Span::mixed_site()));
    let entries = mutation
        .targets
        .iter()
        .map(|target| entry(mutation, target));
    let inner_name = format_ident!("__{}_body", function.sig.ident, span = Span::mixed_site());
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
    let outer_body = quote! {
        use #p::{OfFallible as _, OfOther as _};

        #(#body_attrs)*
        #inner #body

        #[allow(clippy::needless_borrow)]
        let #doomed = ::std::vec![#(#entries),*];
        let #tag = #p::Tag::<#returns>::NEW;
        #run
    };
    // With the user's braces the whole function is the user's own for lints and errors.
    let outer_body = span::group(Delimiter::Brace, outer_body, body.span());
    quote!(#(#attrs)* #vis #sig #outer_body)
}

fn entry(mutation: &Invalidate, target: &Target) -> TokenStream {
    let p = private();
    match target {
        Target::Call { path, arguments } => {
            // What does not fit is told at the argument, else at the target.
            let Ends { first, last } = Ends::of(path);
            let open = quote_spanned!(first=> <);
            let arguments = arguments.iter().map(|it| span::over(it, quote!(#it)));
            let arguments = quote!(#(#arguments),*);
            let arguments = span::group(Delimiter::Parenthesis, arguments, last);
            let doomed = Ident::new("__doomed", last);
            quote!(#open #path>::#doomed #arguments)
        }
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
