//! What a function takes: `self`, and parameters with names even where patterns stand.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Error, FnArg, Meta, Pat, PatIdent, Receiver, ReceiverKind, Signature, Type};

use crate::diag::Diag;
use crate::item::{is_cached, only};
use crate::names::collect_names;
use crate::returns::{find, inside};
use crate::words::{nearest, quoted};

/// The `self` of a method.
#[derive(Clone)]
pub(crate) struct SelfArg {
    pub(crate) token: Receiver,
    pub(crate) skip: bool,
}

impl SelfArg {
    /// Whether the method takes it by reference.
    pub(crate) fn is_reference(&self) -> bool {
        match &self.token.kind {
            ReceiverKind::Reference(..) => true,
            ReceiverKind::Typed(_, ty) => matches!(&**ty, Type::Reference(_)),
            _ => false,
        }
    }

    /// Whether the body may change it.
    pub(crate) fn is_mutable(&self) -> bool {
        match &self.token.kind {
            ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
            ReceiverKind::Typed(_, ty) => {
                matches!(&**ty, Type::Reference(reference) if reference.mutability.is_some())
            }
            _ => false,
        }
    }

    /// The parameter by which a companion takes it.
    pub(crate) fn lent(&self) -> TokenStream {
        match self.is_reference() && !self.is_mutable() {
            true => self.token.to_token_stream(),
            false => {
                let token = &self.token.self_token;
                quote!(&#token)
            }
        }
    }

    /// The expression of a reference to it.
    pub(crate) fn lend(&self) -> TokenStream {
        let token = &self.token.self_token;
        match self.is_reference() {
            true => quote!(#token),
            false => quote!(&#token),
        }
    }
}

/// A parameter, with a name even where a pattern stands.
#[derive(Clone)]
pub(crate) struct Param {
    pub(crate) name: Ident,
    /// What stands in the place of a name: `_` or `(a, b)`.
    pub(crate) pattern: Option<Pat>,
    pub(crate) ty: Type,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) skip: bool,
}

impl Param {
    /// The type of what a reference to the argument points to, where need be through an `Arc`: what is shared is
    /// a part of keys by its value, whether or not serde knows of `Arc`s.
    pub(crate) fn target(&self) -> &Type {
        let ty = match &self.ty {
            Type::Reference(reference) => &reference.elem,
            ty => ty,
        };
        let Type::Path(path) = ty else {
            return ty;
        };
        let last = path.path.segments.last();
        let shared = last.and_then(|last| inside(last, "Arc").or_else(|| inside(last, "Rc")));
        shared.unwrap_or(ty)
    }

    /// The type of a reference to the argument, with its lifetime where it is one.
    pub(crate) fn lent(&self) -> TokenStream {
        match &self.ty {
            Type::Reference(reference) => reference.to_token_stream(),
            // Several bounds would be taken for the reference's own.
            ty @ Type::ImplTrait(_) => quote!(&(#ty)),
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

    /// Whether its type has no name.
    pub(crate) fn is_unnamed(&self) -> bool {
        find(&self.ty.to_token_stream(), "impl").is_some()
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
pub(crate) fn no_argument(name: &str, has_self: bool, params: &[Param]) -> String {
    if params.iter().any(|param| param.parts().contains(name)) {
        return format!("`{name}` is a part of an argument; give the whole argument a name");
    }
    let named = params.iter().filter(|param| param.pattern.is_none());
    let mut names: Vec<String> = named.map(|param| param.name.to_string()).collect();
    if has_self {
        names.insert(0, "self".to_owned());
    }
    let known = match (nearest(name, names.iter()), names.is_empty()) {
        (Some(nearest), _) => format!("did you mean `{nearest}`?"),
        (None, true) => "the function has none with a name".to_owned(),
        (None, false) => format!("the arguments are {}", quoted(names.iter())),
    };
    format!("no argument is called `{name}`; {known}")
}

/// Takes the parameters out, with the `#[cached(skip)]` stripped from them.
pub(crate) fn take(sig: &mut Signature, diag: &mut Diag) -> (Option<SelfArg>, Vec<Param>) {
    let (mut receiver, mut params) = (None, Vec::new());
    for (index, input) in sig.inputs.iter_mut().enumerate() {
        match input {
            FnArg::Receiver(token) => {
                let skip = take_skip(&mut token.attrs, diag);
                let token = token.clone();
                receiver = Some(SelfArg { token, skip });
            }
            FnArg::Typed(typed) => {
                let skip = take_skip(&mut typed.attrs, diag);
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
        }
    }
    (receiver, params)
}

/// Strips `#[cached(skip)]`; whether it was there.
fn take_skip(attrs: &mut Vec<Attribute>, diag: &mut Diag) -> bool {
    let mut skip = false;
    attrs.retain(|attr| {
        if !is_cached(attr) {
            return true;
        }
        let is_skip = matches!(&attr.meta, Meta::List(list) if list.tokens.to_string() == "skip");
        if !is_skip {
            let message =
                "an argument only takes `#[cached(skip)]`, which leaves it out of the key";
            diag.add(Error::new_spanned(attr, message));
        }
        skip = true;
        false
    });
    skip
}
