//! A function's body as a closure, for where it can have no function of its own.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::quote;
use syn::{FnArg, Pat, ReturnType};

use crate::item::Function;
use crate::param::Param;
use crate::returns::{Returns, Way};
use crate::span;

/// A closure that runs the body, with the parameters taken apart as they were written.
pub(crate) fn closure(function: &Function, params: &[Param], returns: &Returns) -> TokenStream {
    let typed = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(&*typed.pat),
        FnArg::Receiver(_) => None,
    });
    let patterns = typed.zip(params).filter_map(|(pattern, param)| {
        let (name, cfgs) = (&param.name, &param.cfgs);
        let is_plain = matches!(pattern, Pat::Ident(it)
            if it.mutability.is_none() && it.by_ref.is_none() && it.subpat.is_none());
        (!is_plain).then(|| quote!(#(#cfgs)* let #pattern = #name;))
    });
    let (body, ty) = (function.body.stream(), &returns.ty);
    // With the user's braces, and none inside of them that the user did not write.
    let block = span::group(
        Delimiter::Brace,
        quote!(#(#patterns)* #body),
        function.body.span(),
    );
    match (returns.way, &function.sig.output) {
        (Way::Sync, _) => quote!(move || -> #ty #block),
        (Way::Boxed, ReturnType::Type(_, written)) => quote!(move || -> #written #block),
        (Way::Async, _) => {
            let returned = Ident::new("returned", Span::mixed_site());
            quote! {
                move || async move {
                    // Tells `?` and `return` the type.
                    if let ::core::option::Option::Some(#returned) =
                        ::core::option::Option::None::<#ty>
                    {
                        return #returned;
                    }
                    #[allow(clippy::let_unit_value, clippy::diverging_sub_expression)]
                    let #returned: #ty = #block;
                    #returned
                }
            }
        }
        (Way::Future | Way::Boxed, _) => quote!(move || #block),
    }
}
