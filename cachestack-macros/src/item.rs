//! Item tokens → a function with its parameters. The body stays unparsed: what is wrong in it is told by
//! the compiler as if the attribute were not there, and code that is being typed still reaches editors.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, GenericParam, Meta, Pat, PatIdent, ReturnType, Signature, Type,
    Visibility,
};

use crate::diag::Diag;

/// A function as it was written.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: TokenTree,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

/// A parameter, with a name even where a pattern stands.
pub(crate) struct Param {
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) skip: bool,
}

impl Function {
    /// Takes the parameters out, with the `#[cached(skip)]` stripped from them. What cannot be cached is
    /// reported for the attribute of that name.
    pub(crate) fn params(&mut self, attribute: &str, diag: &mut Diag) -> Vec<Param> {
        let mut params = Vec::new();
        for (index, input) in self.sig.inputs.iter_mut().enumerate() {
            let typed = match input {
                FnArg::Typed(typed) => typed,
                FnArg::Receiver(receiver) => {
                    let message = format!(
                        "`#[{attribute}]` takes free functions, not methods; move the body into a \
                         function that takes what it needs of `self` as arguments",
                    );
                    diag.add(Error::new_spanned(receiver, message));
                    continue;
                }
            };
            let mut skip = false;
            typed.attrs.retain(|attr| {
                if !attr
                    .path()
                    .segments
                    .last()
                    .is_some_and(|it| it.ident == "cached")
                {
                    return true;
                }
                let is_skip =
                    matches!(&attr.meta, Meta::List(list) if list.tokens.to_string() == "skip");
                if !is_skip {
                    let message = "a parameter takes `#[cached(skip)]`: it is not part of the key";
                    diag.add(Error::new_spanned(attr, message));
                }
                skip = true;
                false
            });
            let name = match &*typed.pat {
                Pat::Ident(PatIdent {
                    ident,
                    subpat: None,
                    ..
                }) => ident.clone(),
                pattern => format_ident!("__arg{index}", span = pattern.span()),
            };
            params.push(Param {
                name,
                ty: (*typed.ty).clone(),
                cfgs: only(&typed.attrs, &["cfg"]),
                skip,
            });
        }
        params
    }

    /// What no attribute of this crate can go on.
    pub(crate) fn check(&self, attribute: &str, diag: &mut Diag) {
        let refused = |what: &dyn ToTokens, why: &str| {
            Error::new_spanned(what, format!("`#[{attribute}]` does not go on {why}"))
        };
        if let Some(token) = &self.sig.constness {
            diag.add(refused(
                token,
                "a `const fn`: a cache is looked up at run time; drop the `const`",
            ));
        }
        if self.sig.abi.is_some() {
            diag.add(refused(
                &self.sig.abi,
                "an `extern` function; wrap it in a plain one",
            ));
        }
        if self.sig.safety.to_token_stream().to_string() == "unsafe" {
            diag.add(refused(
                &self.sig.safety,
                "an `unsafe fn`: a hit would skip what its callers promise; wrap it in a safe one",
            ));
        }
    }

    /// Functions with type or const parameters have no single set of entries.
    pub(crate) fn check_not_generic(&self, attribute: &str, diag: &mut Diag) {
        for param in &self.sig.generics.params {
            if !matches!(param, GenericParam::Lifetime(_)) {
                let message = format!(
                    "`#[{attribute}]` does not go on generic functions; put it on a function of concrete types",
                );
                diag.add(Error::new_spanned(param, message));
            }
        }
        for input in &self.sig.inputs {
            if let FnArg::Typed(typed) = input {
                if let Type::ImplTrait(ty) = &*typed.ty {
                    let message = format!(
                        "`#[{attribute}]` does not go on functions with `impl Trait` arguments; name the type",
                    );
                    diag.add(Error::new_spanned(ty, message));
                }
            }
        }
    }

    /// The return type, `()` where none is written.
    pub(crate) fn returns(&self) -> Type {
        match &self.sig.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        }
    }

    /// Where to point for the return type.
    pub(crate) fn returns_span(&self) -> Span {
        match &self.sig.output {
            ReturnType::Default => self.sig.ident.span(),
            ReturnType::Type(_, ty) => ty.span(),
        }
    }

    /// Attributes that concern the body, wherever it stands: lints and conditional compilation.
    pub(crate) fn body_attrs(&self) -> Vec<Attribute> {
        only(&self.attrs, &["allow", "warn", "deny", "forbid", "expect"])
    }

    pub(crate) fn cfgs(&self) -> Vec<Attribute> {
        only(&self.attrs, &["cfg"])
    }

    /// The signature of the body: as it was written, but a parameter that the attribute uses may be unused.
    pub(crate) fn body_signature(&self, name: Ident, used: &BTreeSet<String>) -> Signature {
        let mut sig = self.sig.clone();
        sig.ident = name;
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

    /// The signature with every parameter a plain name.
    pub(crate) fn plain_signature(&self, params: &[Param]) -> Signature {
        let mut sig = self.sig.clone();
        for (input, param) in sig.inputs.iter_mut().zip(params) {
            if let FnArg::Typed(typed) = input {
                let name = &param.name;
                *typed.pat = syn::parse_quote!(#name);
            }
        }
        sig
    }
}

fn only(attrs: &[Attribute], names: &[&str]) -> Vec<Attribute> {
    let wanted = |attr: &&Attribute| names.iter().any(|name| attr.path().is_ident(name));
    attrs.iter().filter(wanted).cloned().collect()
}

/// Parses a function, or reports why it is none.
pub(crate) fn function(tokens: TokenStream, attribute: &str) -> syn::Result<Function> {
    syn::parse2(tokens).map_err(|error| {
        let message = format!("`#[{attribute}]` goes on a function: {error}");
        Error::new(error.span(), message)
    })
}

/// The item without `#[cached(...)]` on parameters, which the compiler would not know.
pub(crate) fn without_helpers(item: TokenStream) -> TokenStream {
    match syn::parse2::<Function>(item.clone()) {
        Err(_) => item,
        Ok(mut function) => {
            function.params("cached", &mut Diag::default());
            let Function {
                attrs,
                vis,
                sig,
                body,
            } = function;
            quote::quote!(#(#attrs)* #vis #sig #body)
        }
    }
}
