//! Item tokens → a function with its parameters. The body stays unparsed: what is wrong in it is told by
//! the compiler as if the attribute were not there, and code that is being typed still reaches editors.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, FnArg, GenericParam, Meta, Pat, Signature, Token, Visibility};

use crate::diag::Diag;
use crate::names::collect_names;
use crate::param::{self, Param};

/// Lints that look at the item and not at its body.
const ITEM_LINTS: &[&str] = &["dead_code", "missing_docs", "unreachable_pub"];

/// A function as it was written.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let function = Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: body(input.parse()?)
                .map_err(|other| Error::new(other.span(), "this one has no body"))?,
        };
        match input.is_empty() {
            true => Ok(function),
            false => Err(input.error("something follows it")),
        }
    }
}

/// The braces of a body, also where `macro_rules` has put them into an invisible group; else what there is.
pub(crate) fn body(token: TokenTree) -> Result<Group, TokenTree> {
    match token {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => Ok(body),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut inner = group.stream().into_iter();
            match (inner.next(), inner.next()) {
                (Some(only), None) => body(only),
                _ => Err(group.into()),
            }
        }
        other => Err(other),
    }
}

impl Function {
    /// The function without `#[cached(...)]` on parameters, which the compiler would not know.
    pub(crate) fn without_helpers(mut self) -> TokenStream {
        param::take(&mut self.sig, &mut Diag::default());
        let Self {
            attrs,
            vis,
            sig,
            body,
        } = self;
        quote!(#(#attrs)* #vis #sig #body)
    }

    /// The attributes of the function that callers see. A lint that is expected of the body is allowed here.
    pub(crate) fn outer_attrs(&self) -> Vec<Attribute> {
        self.attrs
            .iter()
            .flat_map(|attr| expect(attr, true))
            .collect()
    }

    /// Attributes that concern the body, wherever it stands: lints.
    pub(crate) fn body_attrs(&self) -> Vec<Attribute> {
        let lints = only(&self.attrs, &["allow", "warn", "deny", "forbid", "expect"]);
        lints.iter().flat_map(|attr| expect(attr, false)).collect()
    }

    pub(crate) fn cfgs(&self) -> Vec<Attribute> {
        only(&self.attrs, &["cfg"])
    }

    /// The signature of the body: as it was written, but a parameter that the attribute uses may be unused.
    pub(crate) fn body_signature(&self, name: Ident, used: &BTreeSet<String>) -> Signature {
        let mut sig = self.sig.clone();
        sig.ident = name;
        let mut used = used.clone();
        // What other attributes of this crate use, which are still to be expanded.
        for attr in &self.attrs {
            let last = attr.path().segments.last();
            if last.is_some_and(|last| last.ident == "invalidate" || last.ident == "cached") {
                collect_names(attr.meta.to_token_stream(), &mut used);
            }
        }
        for input in &mut sig.inputs {
            if let FnArg::Typed(typed) = input {
                let is_used = |name: &Ident| used.contains(&name.to_string());
                if matches!(&*typed.pat, Pat::Ident(pattern) if is_used(&pattern.ident)) {
                    typed
                        .attrs
                        .push(syn::parse_quote!(#[allow(unused_variables)]));
                }
            }
        }
        sig
    }

    /// The signature with every parameter a plain name. A `mut self` stays one where the body is a closure.
    pub(crate) fn plain_signature(&self, params: &[Param], body_is_elsewhere: bool) -> Signature {
        let mut sig = self.sig.clone();
        let typed = sig.inputs.iter_mut().filter_map(|input| match input {
            FnArg::Typed(typed) => Some(typed),
            FnArg::Receiver(receiver) => {
                receiver.mutability = receiver.mutability.filter(|_| !body_is_elsewhere);
                None
            }
        });
        for (typed, param) in typed.zip(params) {
            let name = &param.name;
            *typed.pat = syn::parse_quote!(#name);
        }
        sig
    }

    /// The type and const parameters, as they are handed on: `::<T, N>`.
    pub(crate) fn turbofish(&self) -> TokenStream {
        let names: Vec<&Ident> = self.instance().collect();
        match names.is_empty() {
            true => TokenStream::new(),
            false => quote!(::<#(#names),*>),
        }
    }

    /// The names of the type and const parameters.
    pub(crate) fn instance(&self) -> impl Iterator<Item = &Ident> {
        let params = self.sig.generics.params.iter();
        params.filter_map(|param| match param {
            GenericParam::Type(it) => Some(&it.ident),
            GenericParam::Const(it) => Some(&it.ident),
            GenericParam::Lifetime(_) => None,
        })
    }
}

/// Whether an attribute is `#[cached]`, by whatever path.
pub(crate) fn is_cached(attr: &Attribute) -> bool {
    let last = attr.path().segments.last();
    last.is_some_and(|last| last.ident == "cached")
}

/// The attributes of these names, those inside `cfg_attr` too.
pub(crate) fn only(attrs: &[Attribute], names: &[&str]) -> Vec<Attribute> {
    let wanted = |path: &syn::Path| names.iter().any(|name| path.is_ident(name));
    let conditional = |attr: &Attribute| {
        let metas = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        let mut metas = metas.ok()?.into_iter();
        let condition = metas.next()?;
        let kept: Vec<Meta> = metas.filter(|meta| wanted(meta.path())).collect();
        (!kept.is_empty()).then(|| syn::parse_quote!(#[cfg_attr(#condition, #(#kept),*)]))
    };
    attrs
        .iter()
        .filter_map(|attr| match attr.path().is_ident("cfg_attr") {
            true => conditional(attr),
            false => wanted(attr.path()).then(|| attr.clone()),
        })
        .collect()
}

/// An `expect` goes where its lints look, else it would be unfulfilled; in the other place they are allowed.
fn expect(attr: &Attribute, outer: bool) -> Vec<Attribute> {
    let parsed = attr
        .path()
        .is_ident("expect")
        .then(|| attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated));
    let Some(Ok(metas)) = parsed else {
        return vec![attr.clone()];
    };
    let (reason, lints): (Vec<Meta>, Vec<Meta>) = metas
        .into_iter()
        .partition(|meta| meta.path().is_ident("reason"));
    let (expected, allowed): (Vec<Meta>, Vec<Meta>) = lints
        .into_iter()
        .partition(|lint| outer == ITEM_LINTS.iter().any(|name| lint.path().is_ident(name)));
    let mut attrs = Vec::new();
    if !expected.is_empty() {
        attrs.push(syn::parse_quote!(#[expect(#(#expected,)* #(#reason)*)]));
    }
    if !allowed.is_empty() {
        attrs.push(syn::parse_quote!(#[allow(#(#allowed,)* #(#reason)*)]));
    }
    attrs
}

/// Parses a function, or reports why it is none.
pub(crate) fn function(tokens: TokenStream, attribute: &str) -> syn::Result<Function> {
    syn::parse2(tokens).map_err(|error| {
        let also = match attribute {
            "cached" => ", or on an `impl` that has some",
            _ => "",
        };
        let message = format!("`#[{attribute}]` goes on a function with a body{also}: {error}");
        Error::new(error.span(), message)
    })
}

/// The item without `#[cached(...)]` on parameters, which the compiler would not know.
pub(crate) fn without_helpers(item: TokenStream) -> TokenStream {
    match syn::parse2::<Function>(item.clone()) {
        Err(_) => item,
        Ok(function) => function.without_helpers(),
    }
}
