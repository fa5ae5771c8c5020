//! The function that callers see: same name, same signature.

use proc_macro2::{Delimiter, Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::super::freshness::Own;
use super::super::model::{Cached, Home};
use super::first::First;
use super::parts::{Args, local};
use crate::body;
use crate::returns::Way;
use crate::span::{self, Ends};

pub(super) fn wrapper(cached: &Cached) -> TokenStream {
    let function = &cached.function;
    let (attrs, vis) = (function.outer_attrs(), &function.vis);
    let elsewhere = matches!(cached.home, Home::Type(_) | Home::Beside(_));
    let sig = function.plain_signature(&cached.params, elsewhere);
    let decisions = [("bypass", &cached.bypass), ("refresh", &cached.refresh)];
    let decisions = decisions.into_iter().filter_map(|(name, decision)| {
        let decision = decision.as_ref()?;
        let name = Ident::new(name, proc_macro2::Span::call_site());
        Some(quote!(.#name(#decision)))
    });
    let body = statements(cached, &quote!(#(#decisions)*), Wants::Value);
    // With the user's braces the whole function is the user's own for lints and errors.
    let body = span::group(Delimiter::Brace, body, function.body.span());
    // The body may not use it, the key does.
    let underscore = cached
        .params
        .iter()
        .any(|it| it.name.to_string().starts_with('_'));
    let lint = underscore.then(|| quote!(#[allow(clippy::used_underscore_binding)]));
    quote!(#(#attrs)* #lint #vis #sig #body)
}

/// What a call is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// The value, at the end of an async function.
    Value,
    /// A new one; of an async function its future.
    New,
    /// The value, computed for nobody in particular.
    Renewal,
}

/// The statements of a call, which wants what `mode` says.
fn statements(cached: &Cached, mode: &TokenStream, wants: Wants) -> TokenStream {
    if let Some(each) = &cached.each {
        return super::each::statements(cached, each, mode);
    }
    let witness = cached.witness();
    let before = cached.before_call(Args::Owned);
    let call = cached.call(Args::Owned);
    let call = quote!(#call #mode);
    let run = in_steps(cached, &call, wants, mode.is_empty());
    quote!(#witness #before #run)
}

/// The statements that compute and store whatever is there. Of an async function they give the future as it
/// comes: one that is made here would have to be compiled for each function.
pub(super) fn refresh(cached: &Cached) -> TokenStream {
    statements(cached, &quote!(.refresh(true)), Wants::New)
}

/// The statements of a computation in the background.
pub(super) fn renew(cached: &Cached) -> TokenStream {
    statements(cached, &quote!(.renew()), Wants::Renewal)
}

/// The closure that adds the tags.
pub(super) fn tags(cached: &Cached) -> Option<TokenStream> {
    let (tags, add) = (local("tags"), tags_with(cached)?);
    Some(quote!(|#tags| { #add }))
}

/// The statements that add them.
pub(super) fn tags_with(cached: &Cached) -> Option<TokenStream> {
    let p = cached.krate.private();
    let [tags, writer] = ["tags", "writer"].map(local);
    let each = cached.tags.iter().map(|tag| {
        let parts = tag.write(&writer, &cached.krate);
        quote! {
            let mut #writer = #p::KeyWriter::template();
            #parts
            #tags.add(#writer.finish());
        }
    });
    (!cached.tags.is_empty()).then(|| quote!(#(#each)*))
}

/// The probe first: what is needed only after a miss is made then.
fn in_steps(cached: &Cached, call: &TokenStream, wants: Wants, is_plain: bool) -> TokenStream {
    let p = cached.krate.private();
    let (shape, make_share) = (cached.shape(), cached.share());
    let (keep, lifetime) = (cached.keep(), cached.lifetime());
    let returns = &cached.returns.ty;
    let [share, probed, started, form] = ["share", "probed", "started", "form"].map(local);
    let tagged = tags(cached).map(|add| quote!(.tags(#add)));
    let compute = match cached.goes_apart(wants) {
        true => compute_either(cached),
        false => compute(cached),
    };
    let limit = cached.is_limited(wants).then(|| {
        let limit = local("limit");
        quote!(let #limit = #probed.limit();)
    });
    let key = cached.write_key(Args::Owned);
    let first = First::of(cached, wants, is_plain);
    let (at_hand, look) = first.look(cached, &key, call);
    let probe = quote! {
        let #share = #make_share;
        let #probed = { #key #look } #tagged;
        #limit
    };
    let last = match cached.returns.way {
        Way::Sync | Way::Async => {
            let arguments = quote!(#probed, #shape, #form, #share, #keep, #lifetime, #compute);
            let finish = finish(cached, arguments, wants);
            let returned = local("returned");
            match wants {
                // There is no hit, and of an async function it is the future.
                Wants::New | Wants::Renewal => finish,
                // What does not fit is told once where the call ends the body.
                Wants::Value => quote! {
                    let #probed = match #probed.hit::<#returns, _>(#shape) {
                        ::core::result::Result::Ok(#returned) => return #returned,
                        ::core::result::Result::Err(#probed) => #probed,
                    };
                    #finish
                },
            }
        }
        Way::Future | Way::Boxed => {
            let arguments = quote!(#started, #shape, #form, #share, #keep, #lifetime);
            let generics = quote!(::<#returns, _, _, _, _, _>);
            let ends = Ends::at(ends(cached).last);
            let call = cached
                .krate
                .call(ends, "finish_started", generics, arguments);
            let call = limited(cached, call, wants);
            let call = match cached.returns.way {
                Way::Boxed => quote!(::std::boxed::Box::pin(#call)),
                _ => call,
            };
            quote! {
                let #started = #p::start(#probed, #compute);
                #call
            }
        }
    };
    match (first, cached.returns.way) {
        // On its own, so that a hit makes no room for what only a miss needs.
        (First::Return, Way::Sync) => {
            quote!(#at_hand #p::beyond_hit::<#returns>(move || { #probe #last }))
        }
        _ => quote!(#at_hand #probe #last),
    }
}

/// The call of a function of the support module, shown where what does not fit was written.
fn finish(cached: &Cached, arguments: TokenStream, wants: Wants) -> TokenStream {
    let (ends, returns) = (ends(cached), &cached.returns.ty);
    let either = match cached.goes_apart(wants) {
        true => "_either",
        false => "",
    };
    match cached.returns.way {
        Way::Async => {
            let ends = Ends::at(ends.last);
            let generics = match either {
                "" => quote!(::<#returns, _, _, _, _, _, _>),
                _ => quote!(::<#returns, _, _, _, _>),
            };
            let name = format!("finish_async{either}");
            let call = cached.krate.call(ends, &name, generics, arguments);
            let call = limited(cached, call, wants);
            let wait = (wants != Wants::New).then(|| quote_spanned!(ends.last=> .await));
            quote!(#call #wait)
        }
        _ => {
            let generics = match either {
                "" => quote!(::<#returns, _, _>),
                _ => quote!(::<#returns, _, _, _>),
            };
            let name = format!("finish_sync{either}");
            cached.krate.call(ends, &name, generics, arguments)
        }
    }
}

impl Cached {
    /// Whether the computation may run apart from a call.
    fn goes_apart(&self, wants: Wants) -> bool {
        wants == Wants::Value && self.freshness.background.is_some()
    }

    /// Whether a call takes so long at most.
    fn is_limited(&self, wants: Wants) -> bool {
        wants == Wants::Value && self.freshness.hard_timeout.is_some()
    }
}

/// The future of a call, bounded where the attribute says so; what the return type lacks for that is told there.
fn limited(cached: &Cached, call: TokenStream, wants: Wants) -> TokenStream {
    let Some(name) = cached.freshness.hard_timeout.as_ref() else {
        return call;
    };
    if !cached.is_limited(wants) {
        return call;
    }
    let (shape, returns) = (cached.shape(), &cached.returns.ty);
    let [limit, form] = ["limit", "form"].map(local);
    let (p, tag) = (cached.krate.private(), local("tag"));
    let late = cached.krate.call(
        Ends::of(name),
        "late_by",
        quote!(),
        span::over(name, quote!(#tag)),
    );
    quote!(#p::in_time::<#returns, _, _>(#limit, #late, #shape, #form, #call))
}

/// What the value lacks is told by the witness; what else does not fit is the condition.
pub(super) fn ends(cached: &Cached) -> Ends {
    match &cached.condition {
        Some(condition) => Ends::of(condition),
        None => cached.returns.ends(),
    }
}

/// The computation as a closure.
fn compute(cached: &Cached) -> TokenStream {
    match &cached.home {
        Home::Type(_) | Home::Beside(_) => {
            let (uncached, generics) = (cached.path("uncached"), cached.function.turbofish());
            let arguments = cached.hand_on();
            quote!(move || #uncached #generics(#arguments))
        }
        Home::Trait(_) | Home::Nowhere => {
            body::closure(&cached.function, &cached.params, &cached.returns)
        }
    }
}

/// The computation as a closure that has the arguments: of them it makes either the computation here, or one that owns
/// all it needs.
fn compute_either(cached: &Cached) -> TokenStream {
    let p = cached.krate.private();
    let (uncached, renew) = (cached.path("uncached"), cached.path("__renew"));
    let (generics, arguments) = (cached.function.turbofish(), cached.hand_on());
    let [apart, own_self] = ["apart", "own_self"].map(local);
    let receiver = cached
        .receiver
        .as_ref()
        .map(|it| Own::of_self(it, &own_self, &cached.krate));
    let params = cached.params.iter();
    let params = params.map(|it| Own::of_param(it, &cached.krate));
    let owned: Vec<Own> = receiver.into_iter().chain(params).collect();
    let take = owned.iter().map(|it| &it.take);
    let handed_on = owned.iter().map(|it| &it.hand_on);
    let again = quote!(#renew #generics(#(#handed_on),*));
    let name = cached.freshness.background.as_ref();
    let ends = Ends::at(name.map_or_else(proc_macro2::Span::call_site, Ident::span));
    let work = match cached.returns.way {
        Way::Sync => cached
            .krate
            .call(ends, "job", quote!(), quote!(move || #again)),
        _ => {
            let again = quote!(async move { #again.await });
            cached.krate.call(ends, "task", quote!(), again)
        }
    };
    quote! {
        #p::either(move |#apart| match #apart {
            false => #p::Made::Here(#uncached #generics(#arguments)),
            true => {
                #(#take)*
                #p::Made::Apart(#work)
            }
        })
    }
}
