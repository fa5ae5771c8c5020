//! Item tokens → a function with its parameters. The body stays unparsed: what is wrong in it is told by
//! the compiler as if the attribute were not there, and code that is being typed still reaches editors.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, Meta, Pat, PatIdent, ReturnType, Signature, Token, Type, Visibility,
};

use crate::diag::Diag;
use crate::names::collect_names;
use crate::words::{nearest, quoted};

/// Lints that look at the item and not at its body.
const ITEM_LINTS: &[&str] = &["dead_code", "missing_docs", "unreachable_pub"];

/// A function as it was written.
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
            body: match input.parse()? {
                TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => body,
                other => return Err(Error::new(other.span(), "this one has no body")),
            },
        };
        match input.is_empty() {
            true => Ok(function),
            false => Err(input.error("something follows it")),
        }
    }
}

/// A parameter, with a name even where a pattern stands.
pub(crate) struct Param {
    pub(crate) name: Ident,
    /// What stands in the place of a name: `_` or `(a, b)`.
    pub(crate) pattern: Option<Pat>,
    pub(crate) ty: Type,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) skip: bool,
}

impl Param {
    /// The type of what a reference to the argument points to. A reference is passed on as it is.
    pub(crate) fn target(&self) -> &Type {
        match &self.ty {
            Type::Reference(reference) => &reference.elem,
            ty => ty,
        }
    }

    /// The type of a reference to the argument, with its lifetime where it is one.
    pub(crate) fn lent(&self) -> TokenStream {
        match &self.ty {
            Type::Reference(reference) => reference.to_token_stream(),
            ty => quote!(&#ty),
        }
    }

    /// The expression of a reference to the argument.
    pub(crate) fn lend(&self) -> TokenStream {
        let name = &self.name;
        match &self.ty {
            Type::Reference(_) => quote!(#name),
            _ => quote!(&#name),
        }
    }

    /// The names that the pattern gives to parts of the argument.
    pub(crate) fn parts(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if let Some(pattern) = &self.pattern {
            collect_names(pattern.to_token_stream(), &mut names);
            // What is left are constructors and keywords.
            names.retain(|name| {
                name.starts_with(char::is_lowercase) && name != "mut" && name != "ref"
            });
        }
        names
    }
}

/// That no argument has this name.
pub(crate) fn no_argument(name: &str, params: &[Param]) -> String {
    if params.iter().any(|param| param.parts().contains(name)) {
        return format!("`{name}` is a part of an argument; give the whole argument a name");
    }
    let names: Vec<String> = params
        .iter()
        .filter(|param| param.pattern.is_none())
        .map(|param| param.name.to_string())
        .collect();
    let known = match (nearest(name, names.iter()), names.is_empty()) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, true) => "the function has none with a name".to_owned(),
        (None, false) => format!("the arguments are {}", quoted(names.iter())),
    };
    format!("no argument is called `{name}`; {known}")
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
                if !is_cached(attr) {
                    return true;
                }
                let is_skip =
                    matches!(&attr.meta, Meta::List(list) if list.tokens.to_string() == "skip");
                if !is_skip {
                    let message =
                        "an argument only takes `#[cached(skip)]`, which leaves it out of the key";
                    diag.add(Error::new_spanned(attr, message));
                }
                skip = true;
                false
            });
            let (name, pattern) = match &*typed.pat {
                Pat::Ident(PatIdent { ident, .. }) => (ident.clone(), None),
                pattern => (
                    format_ident!("__arg{index}", span = pattern.span()),
                    Some(pattern.clone()),
                ),
            };
            params.push(Param {
                name,
                pattern,
                ty: (*typed.ty).clone(),
                cfgs: only(&typed.attrs, &["cfg"]),
                skip,
            });
        }
        params
    }

    /// The return type, `()` where none is written.
    pub(crate) fn returns(&self) -> Type {
        match &self.sig.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        }
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

/// Whether an attribute is `#[cached]`, by whatever path.
pub(crate) fn is_cached(attr: &Attribute) -> bool {
    let last = attr.path().segments.last();
    last.is_some_and(|last| last.ident == "cached")
}

/// The attributes of these names, those inside `cfg_attr` too.
fn only(attrs: &[Attribute], names: &[&str]) -> Vec<Attribute> {
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
        let message = format!("`#[{attribute}]` goes on a function with a body: {error}");
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
            quote!(#(#attrs)* #vis #sig #body)
        }
    }
}
