//! The function that callers see: same name, same signature.

use proc_macro2::{Delimiter, Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::super::model::{Cached, Home};
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
    let body = statements(cached, &quote!(#(#decisions)*), true);
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

/// The statements of a call, which wants what `mode` says.
fn statements(cached: &Cached, mode: &TokenStream, waits: bool) -> TokenStream {
    if let Some(each) = &cached.each {
        return super::each::statements(cached, each, mode);
    }
    let witness = cached.witness();
    let before = cached.before_call(Args::Owned);
    let call = cached.call(Args::Owned);
    let call = quote!(#call #mode);
    let run = match (cached.tags.is_empty(), cached.returns.way) {
        (true, Way::Sync | Way::Async) => at_once(cached, &call, waits),
        _ => in_steps(cached, &call, waits),
    };
    quote!(#witness #before #run)
}

/// The statements that compute and store whatever is there. Of an async function they give the future as it
/// comes: one that is made here would have to be compiled for each function.
pub(super) fn refresh(cached: &Cached) -> TokenStream {
    statements(cached, &quote!(.refresh(true)), false)
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

/// One expression for the look-up and what follows it.
fn at_once(cached: &Cached, call: &TokenStream, waits: bool) -> TokenStream {
    let (shape, share) = (cached.shape(), cached.share());
    let (keep, lifetime) = (cached.keep(), cached.lifetime());
    let compute = compute(cached);
    let form = local("form");
    let arguments = quote!(#call, #shape, #form, #share, #keep, #lifetime, #compute);
    finish(cached, "call", arguments, waits)
}

/// The probe first: what is needed only after a miss is made then.
fn in_steps(cached: &Cached, call: &TokenStream, waits: bool) -> TokenStream {
    let p = cached.krate.private();
    let (shape, make_share) = (cached.shape(), cached.share());
    let (keep, lifetime) = (cached.keep(), cached.lifetime());
    let returns = &cached.returns.ty;
    let [share, probed, started, form] = ["share", "probed", "started", "form"].map(local);
    let tagged = tags(cached).map(|add| quote!(.tags(#add)));
    let compute = compute(cached);
    let probe = quote! {
        let #share = #make_share;
        let #probed = #call.probe::<#returns, _, _>(#shape, #form, &#share) #tagged;
    };
    let last = match cached.returns.way {
        Way::Sync | Way::Async => {
            let arguments = quote!(#probed, #shape, #form, #share, #keep, #lifetime, #compute);
            finish(cached, "finish", arguments, waits)
        }
        Way::Future | Way::Boxed => {
            let arguments = quote!(#started, #shape, #form, #share, #keep, #lifetime);
            let generics = quote!(::<#returns, _, _, _, _, _>);
            let ends = Ends::at(ends(cached).last);
            let call = cached
                .krate
                .call(ends, "finish_started", generics, arguments);
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
    quote!(#probe #last)
}

/// The call of a function of the support module, shown where what does not fit was written.
fn finish(cached: &Cached, what: &str, arguments: TokenStream, waits: bool) -> TokenStream {
    let (ends, returns) = (ends(cached), &cached.returns.ty);
    match cached.returns.way {
        Way::Async => {
            let ends = Ends::at(ends.last);
            let generics = match what {
                "call" => quote!(::<#returns, _, _, _, _, _, _>),
                _ => quote!(::<#returns, _, _, _>),
            };
            let call = cached
                .krate
                .call(ends, &format!("{what}_async"), generics, arguments);
            let wait = waits.then(|| quote_spanned!(ends.last=> .await));
            quote!(#call #wait)
        }
        _ => {
            let generics = quote!(::<#returns, _, _>);
            cached
                .krate
                .call(ends, &format!("{what}_sync"), generics, arguments)
        }
    }
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
