//! `each = ids`: the argument that holds several ids, and what the function returns for them.

use proc_macro2::{Delimiter, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Error, Expr, ExprPath, GenericArgument, PathArguments, PathSegment, Type};

use super::model::{Cached, Home};
use crate::diag::Diag;
use crate::names::names_in;
use crate::param::no_argument;
use crate::returns::{Returns, Way, find, inside};
use crate::span::{self, Ends};
use crate::time::Time;

/// The ids of a function that computes several at once.
pub(super) struct Each {
    /// The name of the argument of the attribute.
    pub(super) word: Ident,
    /// The name of the argument of the function.
    pub(super) name: Ident,
    /// The type of one id.
    pub(super) id: Type,
    /// Whether the body takes them by value.
    pub(super) by_value: bool,
    /// Whether it returns them in order, without the ids.
    pub(super) ordered: bool,
    /// The type of the value of one, as far as it is written.
    value: Option<Type>,
}

impl Cached {
    /// Settles which argument holds the ids; from then on it stands for one of them.
    pub(super) fn find_each(&mut self, word: &Ident, value: &Expr, diag: &mut Diag) {
        let Expr::Path(ExprPath { path, .. }) = value else {
            let message =
                "`each` is the name of the argument that holds the ids, as in `each = ids`";
            diag.add(Error::new_spanned(value, message));
            return;
        };
        let name = path.to_token_stream().to_string();
        let Some(param) = self.params.iter_mut().find(|param| param.name == name) else {
            let message = no_argument(&name, self.receiver.is_some(), &self.params);
            diag.add(Error::new_spanned(path, message));
            self.unsettled = true;
            return;
        };
        let Some((id, by_value)) = slice(&param.ty) else {
            let message = format!(
                "`each` is for a slice of ids, of which the body may be given some: write `{name}: &[Id]`, `&Vec<Id>` or \
                 `Vec<Id>`",
            );
            diag.add(Error::new_spanned(&param.ty, message));
            return;
        };
        if let Some(token) = find(&id.to_token_stream(), "impl") {
            let message = "an id needs a type with a name here; make the function generic over it";
            diag.add(Error::new(token.span(), message));
            return;
        }
        param.ty = id.clone();
        self.each = Some(Each {
            word: word.clone(),
            name: param.name.clone(),
            id,
            by_value,
            ordered: collection(&self.returns).is_some_and(|ty| vector(ty).is_some()),
            value: value_of(&self.returns),
        });
    }

    /// What does not go with several ids.
    pub(super) fn check_each(&self, diag: &mut Diag) {
        let Some(each) = &self.each else {
            return;
        };
        let name = &each.name;
        if self.params.iter().any(|it| it.name == *name && it.skip) {
            let message =
                format!("`{name}` holds the ids, so each is part of a key; do not skip it");
            diag.add(Error::new(each.word.span(), message));
        }
        if self.returns.way == Way::Future || self.returns.way == Way::Boxed {
            let message = "`each` calls the body with the ids that are missing, which goes for an `async fn`; write one";
            diag.add(Error::new_spanned(&self.function.sig.output, message));
        } else if each.value.is_none() {
            let message = "with `each`, return a map from the ids to their values, as in `HashMap<Id, User>`, or a `Vec` of \
                           values in the order of the ids, or a `Result` of one; written with its types, and not as an alias";
            let place = match &self.function.sig.output {
                syn::ReturnType::Default => Error::new(self.function.sig.ident.span(), message),
                syn::ReturnType::Type(..) => Error::new_spanned(&self.returns.ty, message),
            };
            diag.add(place);
        }
        if let Some((word, _)) = &self.error_ttl {
            let message = "an error of a function with `each` is that of a whole call and of no id, and is not kept; leave \
                           `error_ttl` out";
            diag.add(Error::new(word.span(), message));
        }
        for name in self.freshness.names() {
            let message = format!(
                "`{name}` does not go with `each`, whose ids are computed together and never served stale; leave one of \
                 the two out",
            );
            diag.add(Error::new(name.span(), message));
        }
        if matches!(self.home, Home::Trait(_) | Home::Nowhere) {
            let message = "`each` calls the body by what comes with the function; leave `companions` out, or put the body \
                           into a cached function beside this one and call that";
            diag.add(Error::new(each.word.span(), message));
        }
        self.check_each_times(each, diag);
    }

    fn check_each_times(&self, each: &Each, diag: &mut Diag) {
        let fixed = self.ttl.iter().filter_map(|time| match time {
            Time::Fixed(time) => Some(time),
            Time::ByValue(_) => None,
        });
        let times = fixed.chain(self.none_ttl.iter().map(|(_, time)| time));
        for time in times {
            let name = each.name.to_string();
            if !names_in(time).contains(&name) {
                continue;
            }
            let message = format!(
                "this time is that of every id, so it cannot depend on `{name}`; a closure tells one by the value, as in \
                 `ttl = |user| user.ttl()`",
            );
            let place = find(time, &name).map(|it| it.span());
            diag.add(Error::new(place.unwrap_or(each.word.span()), message));
        }
    }

    /// How values go together with what the function returns, shown as the return type: what is wrong with that is
    /// told there.
    pub(super) fn gathers(&self, each: &Each) -> TokenStream {
        let Ends { first, last } = self.returns.ends();
        let p = self.krate.private_at(first);
        let inner = match each.ordered {
            true => quote_spanned!(last=> Ordered),
            false => quote_spanned!(last=> Mapped),
        };
        let inner = quote_spanned!(first=> #p::#inner);
        match self.returns.is_result() {
            true => {
                let inner = span::group(Delimiter::Parenthesis, inner, last);
                quote_spanned!(first=> #p::Failing #inner)
            }
            false => inner,
        }
    }

    /// The type that a call for one id would return: of all functions but those with `each` it is what they return.
    pub(super) fn kept_of(&self) -> TokenStream {
        let returns = &self.returns.ty;
        match &self.each {
            None => quote!(#returns),
            Some(each) => {
                let (p, value) = (self.krate.private(), &each.value);
                match self.returns.is_result() {
                    true => {
                        quote!(::core::result::Result<#value, <#returns as #p::MayFail>::Error>)
                    }
                    false => quote!(#value),
                }
            }
        }
    }
}

impl Each {
    /// The type of the value of one.
    pub(super) fn value(&self) -> TokenStream {
        self.value.to_token_stream()
    }
}

/// The type of one of the ids, and whether the argument is a vector by value.
fn slice(ty: &Type) -> Option<(Type, bool)> {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => match &*reference.elem {
            Type::Slice(slice) => Some(((*slice.elem).clone(), false)),
            elem => vector(elem).map(|id| (id, false)),
        },
        Type::Group(group) => slice(&group.elem),
        ty => vector(ty).map(|id| (id, true)),
    }
}

fn vector(ty: &Type) -> Option<Type> {
    match ty {
        Type::Path(path) => inside(path.path.segments.last()?, "Vec").cloned(),
        _ => None,
    }
}

/// What is returned where nothing fails.
fn collection(returns: &Returns) -> Option<&Type> {
    match (&returns.ty, returns.is_result()) {
        (Type::Path(path), true) => types_in(path.path.segments.last()?).next(),
        (ty, _) => Some(ty),
    }
}

/// The type of the values in what is returned: the last that a map or a vector is written with.
fn value_of(returns: &Returns) -> Option<Type> {
    let ty = collection(returns)?;
    if let Some(value) = vector(ty) {
        return Some(value);
    }
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    match last.ident == "Result" {
        true => None,
        // What a third is, as a map's hasher, is its own affair.
        false => types_in(last).nth(1).cloned(),
    }
}

fn types_in(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|it| match it {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
