//! What a function and its companions are made of.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::quote;
use syn::Expr;

use super::super::model::{Cached, Home};
use super::key;
use crate::param::Param;
use crate::span::{self, Ends};
use crate::time::Time;
use crate::values::CacheChoice;

/// A variable that no parameter can meet.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// How the arguments are at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Args {
    /// As the function takes them.
    Owned,
    /// As references.
    Borrowed,
}

impl Cached {
    /// A companion, as a path.
    pub(super) fn path(&self, what: &str) -> TokenStream {
        let companion = self.companion(what);
        match &self.home {
            Home::Type(name) => quote!(#name::#companion),
            Home::Beside(_) | Home::Trait(_) | Home::Nowhere => quote!(Self::#companion),
        }
    }

    /// Fails to compile where the function cannot serve what is asked of it.
    fn must_fail(&self) -> Option<TokenStream> {
        let (name, tag) = (self.freshness.if_error.as_ref()?, local("tag"));
        let ends = Ends::of(name);
        let check = self.krate.call(
            ends,
            "check_fails",
            quote!(),
            span::over(name, quote!(#tag)),
        );
        Some(quote!(#check;))
    }

    /// The return type's tag, and the traits whose methods tell by type what the return type is.
    ///
    /// What the value lacks is told at the return type, and once: nothing else asks anything of it.
    pub(super) fn witness(&self) -> TokenStream {
        let (p, [tag, form]) = (self.krate.private(), ["tag", "form"].map(local));
        let returns = self.kept_of();
        let (shape, check) = (self.shape(), self.must_fail());
        quote! {
            use #p::{OfFallible as _, OfOther as _, OfShareable as _, OfUnshareable as _};
            let #tag = #p::Tag::<#returns>::NEW;
            #check
            let #form = #p::form_of(#shape, &#tag);
        }
    }

    /// How the return value is kept, shown as the return type.
    pub(super) fn shape(&self) -> TokenStream {
        let tag = local("tag");
        let ends = self.returns.ends();
        let shape = ends.method(quote!(&#tag), quote!(shape));
        match self.local {
            true => ends.method(shape, quote!(local)),
            false => shape,
        }
    }

    /// How a failure reaches those who waited for it, and how long it is kept.
    pub(super) fn share(&self) -> TokenStream {
        let (p, tag) = (self.krate.private(), local("tag"));
        let share = self.share_alone();
        match &self.error_ttl {
            None => share,
            Some((_, Time::Fixed(time))) => quote!(#p::kept_for(#share, #time)),
            Some((_, Time::ByValue(closure))) => {
                let arguments = quote!(&#tag, #closure);
                let ends = Ends::of(closure);
                let time = self.krate.call(ends, "by_error", quote!(), arguments);
                quote!(#p::kept_for(#share, #time))
            }
        }
    }

    fn share_alone(&self) -> TokenStream {
        let tag = local("tag");
        // What the error lacks is told at the argument that asks for it.
        match (&self.share_err, &self.error_ttl) {
            (Some(make), _) => {
                let tag = span::over(make, quote!(#tag));
                let arguments = quote!(#tag, #make);
                let ends = Ends::of(make);
                self.krate.call(ends, "share_by", quote!(), arguments)
            }
            (None, Some((name, _))) => {
                let (ends, returns) = (Ends::of(name), self.kept_of());
                let generics = quote!(::<#returns>);
                let check = self.krate.call(ends, "check_error", generics, quote!());
                quote!({ #check; (&#tag).share() })
            }
            (None, None) => quote!((&#tag).share()),
        }
    }

    /// How long the value lives.
    pub(super) fn lifetime(&self) -> TokenStream {
        let (p, tag, shape) = (self.krate.private(), local("tag"), self.shape());
        let some = match &self.ttl {
            None => quote!(#p::DEFAULT_TTL),
            Some(Time::Fixed(time)) => quote!(::core::option::Option::Some(#time)),
            Some(Time::ByValue(closure)) => {
                let ends = Ends::of(closure);
                let arguments = quote!(#shape, &#tag, #closure);
                self.krate.call(ends, "ttl_by", quote!(), arguments)
            }
        };
        // Of a map it is the time of an id that is not there, which is no value.
        let of_value = |_: &&(Ident, TokenStream)| self.each.as_ref().is_none_or(|it| it.ordered);
        match self.none_ttl.as_ref().filter(of_value) {
            None => some,
            Some((name, time)) => {
                let arguments = quote!(#shape, &#tag, #some, ::core::option::Option::Some(#time));
                let ends = Ends::of(name);
                self.krate.call(ends, "none_apart", quote!(), arguments)
            }
        }
    }

    /// What decides whether a value is kept.
    pub(super) fn keep(&self) -> TokenStream {
        match &self.condition {
            Some(condition) => as_closure(condition),
            None => {
                let p = self.krate.private();
                quote!(#p::keep_all)
            }
        }
    }

    /// What is known of the function for as long as the process lives.
    pub(super) fn site(&self) -> TokenStream {
        let p = self.krate.private();
        match &self.home {
            Home::Nowhere => quote! {{
                static SITE: #p::Site = #p::Site::new();
                &SITE
            }},
            _ => {
                let site = self.path("__site");
                quote!(#site())
            }
        }
    }

    /// The expression of a `Call`, which takes its key from where [`write_key`](Self::write_key) has put it.
    pub(super) fn call(&self, args: Args) -> TokenStream {
        let p = self.krate.private();
        let (site, identity) = (self.site(), key::identity(self));
        let (target, key) = (self.target(args), self.call_key());
        let says = args == Args::Owned && self.freshness.is_said();
        let freshness = says.then(|| {
            let freshness = local("freshness");
            quote!(.freshness(&#freshness))
        });
        quote!(#p::Call::new(#site, #identity, #target, #key) #freshness)
    }

    /// The expression of what the thread has at hand for a call.
    pub(super) fn at_hand(&self) -> TokenStream {
        let (p, returns) = (self.krate.private(), &self.returns.ty);
        let (shape, form) = (self.shape(), local("form"));
        let (site, identity) = (self.site(), key::identity(self));
        let (target, key) = (self.target(Args::Owned), self.call_key());
        let (write, is_shared) = (local("write"), self.key.is_some());
        let in_short = quote!(#p::in_short(#write));
        let is_one = key::is_one(self);
        quote! {
            #p::at_hand::<#returns, _>(
                (#site, || #identity, #is_one), #target, (#in_short, #is_shared), || #key, #shape, #form,
            )
        }
    }

    /// The expression of a `CallKey`.
    fn call_key(&self) -> TokenStream {
        let p = self.krate.private();
        let write = local("write");
        match self.key.is_some() {
            true => quote!(#p::CallKey::shared(&#write)),
            false => quote!(#p::CallKey::own(&#write)),
        }
    }

    /// The statements before a `Call` that write its key; to be gone before anything is awaited.
    pub(super) fn write_key(&self, args: Args) -> TokenStream {
        let p = self.krate.private();
        let [write, writer] = ["write", "writer"].map(local);
        let written = match &self.home {
            Home::Nowhere => key::in_place(self),
            _ => {
                let (key, generics) = (self.path("__key"), self.function.turbofish());
                let arguments = match args {
                    Args::Owned => self.lend(),
                    Args::Borrowed => self.hand_on_lent(),
                };
                quote!({ #key #generics(#arguments &mut #writer); })
            }
        };
        quote!(let #write = |mut #writer: &mut #p::KeyWriter| #written;)
    }

    /// The expression of the cache it uses.
    pub(super) fn target(&self, args: Args) -> TokenStream {
        match self.owns_cache(args) {
            true => {
                let (p, cache) = (self.krate.private(), local("cache"));
                quote!(#p::Target::Given(&#cache))
            }
            false => self.cache.target(&self.krate),
        }
    }

    /// Statements that must stand before a `Call`.
    pub(super) fn before_call(&self, args: Args) -> TokenStream {
        let says = args == Args::Owned && self.freshness.is_said();
        let freshness = says.then(|| {
            let (freshness, said) = (local("freshness"), self.freshness.expression(&self.krate));
            quote!(let #freshness = #said;)
        });
        let cache = match &self.cache {
            CacheChoice::Given(cache) if self.owns_cache(args) => {
                let (p, own) = (self.krate.private(), local("cache"));
                let cache = span::over(cache, quote!(#cache));
                quote!(let #own = #p::own_cache(#cache);)
            }
            _ => TokenStream::new(),
        };
        quote!(#freshness #cache)
    }

    /// Whether the cache is in an argument that is moved into the body.
    fn owns_cache(&self, args: Args) -> bool {
        let by_value = |param: &Param| !matches!(param.ty, syn::Type::Reference(_));
        let by_value_self = self.receiver.as_ref().is_some_and(|it| !it.is_reference());
        args == Args::Owned
            && (by_value_self && self.cache.uses("self")
                || self
                    .params
                    .iter()
                    .any(|it| by_value(it) && self.cache.uses(&it.name.to_string())))
    }

    /// All arguments, as the body takes them.
    pub(super) fn hand_on(&self) -> TokenStream {
        let receiver = self.receiver.as_ref().map(|it| {
            let token = &it.token.self_token;
            quote!(#token,)
        });
        let names = names(self.params.iter());
        quote!(#receiver #names)
    }

    /// References to what is part of the key, where the arguments are owned.
    pub(super) fn lend(&self) -> TokenStream {
        let receiver = self.receiver.as_ref().map(|it| {
            let lent = it.lend();
            quote!(#lent,)
        });
        let lent = self.keyed().map(|param| {
            let (cfgs, lent) = (&param.cfgs, param.lend());
            quote!(#(#cfgs)* #lent,)
        });
        quote!(#receiver #(#lent)*)
    }

    /// The same where they are references.
    pub(super) fn hand_on_lent(&self) -> TokenStream {
        let receiver = self.receiver.as_ref().map(|it| {
            let token = &it.token.self_token;
            quote!(#token,)
        });
        let names = self
            .keyed()
            .map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* #name,));
        quote!(#receiver #(#names)*)
    }

    /// The parameters of a companion that takes what is part of the key as references.
    pub(super) fn lent_params(&self) -> TokenStream {
        let receiver = self.lent_receiver();
        let lent = self.keyed().map(|param| {
            let (Param { name, cfgs, .. }, lent) = (param, param.lent());
            quote!(#(#cfgs)* #name: #lent,)
        });
        quote!(#receiver #(#lent)*)
    }

    /// The parameters of a companion that takes what is part of the key as the function does.
    pub(super) fn keyed_params(&self) -> TokenStream {
        let receiver = self.lent_receiver();
        let owned = self
            .keyed()
            .map(|Param { name, ty, cfgs, .. }| quote!(#(#cfgs)* #name: #ty));
        quote!(#receiver #(#owned),*)
    }

    /// `self` as the companions take it, with a comma.
    pub(super) fn lent_receiver(&self) -> Option<TokenStream> {
        self.receiver.as_ref().map(|it| {
            let lent = it.lent();
            quote!(#lent,)
        })
    }
}

fn names<'a>(params: impl Iterator<Item = &'a Param>) -> TokenStream {
    let names = params.map(|Param { name, cfgs, .. }| quote!(#(#cfgs)* #name));
    quote!(#(#names),*)
}

/// A condition as a closure. What is not one is called by one, so that it is told like any call.
fn as_closure(condition: &Expr) -> TokenStream {
    if let Expr::Closure(_) = condition {
        return quote!(#condition);
    }
    let Ends { first, last } = Ends::of(condition);
    let condition = span::group(Delimiter::Parenthesis, quote!(#condition), first);
    let value = Ident::new("value", last.resolved_at(Span::mixed_site()));
    let arguments = span::group(Delimiter::Parenthesis, quote!(#value), last);
    quote!(|#value| #condition #arguments)
}
