//! The statements of a call of several ids: a loop around the body, which is called with those that are missing.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::super::each::Each;
use super::super::model::Cached;
use super::call::tags_with;
use super::key;
use super::parts::{Args, local};
use crate::param::Param;
use crate::returns::Way;

pub(super) fn statements(cached: &Cached, each: &Each, mode: &TokenStream) -> TokenStream {
    let p = cached.krate.private();
    let (witness, before) = (cached.witness(), cached.before_call(Args::Owned));
    let (site, identity) = (cached.site(), key::identity(cached));
    let target = cached.target(Args::Owned);
    let shares_key = cached.key.is_some().then(|| quote!(.shares_key()));
    let names = ["share", "begun", "gathering", "missing", "returned", "form"];
    let [share, begun, gathering, missing, returned, form] = names.map(local);
    let (make_share, shape, gathers) = (cached.share(), cached.shape(), cached.gathers(each));
    let (key_of, tags) = (key_of(cached, each), tags(cached, each));
    let (name, returns) = (&each.name, &cached.returns.ty);
    let ids = match each.by_value {
        true => quote!(&#name),
        false => quote!(#name),
    };
    let (kept, ends) = (cached.kept_of(), cached.returns.ends());
    let gather = quote!(&mut #begun, #gathers, #shape, #form);
    let generics = quote!(::<_, #returns, #kept, _, _>);
    let gather = cached.krate.call(ends, "gather", generics, gather);
    let keeping = keeping(cached, each);
    let (uncached, generics) = (cached.path("uncached"), cached.function.turbofish());
    let (again, all) = (again(cached, each, &missing), cached.hand_on());
    let (next, settle, run, plain) = match cached.returns.way {
        Way::Sync => (
            quote!(next_sync(&#share)),
            quote!(settle_sync(#returned, #key_of, #keeping, &#share)),
            quote!(#gathering.run(|| #uncached #generics(#again))),
            quote!(#uncached #generics(#all)),
        ),
        _ => (
            quote!(next(&#share).await),
            quote!(settle(#returned, #key_of, #keeping, &#share).await),
            quote!(#gathering.drive(#uncached #generics(#again)).await),
            quote!(#uncached #generics(#all).await),
        ),
    };
    quote! {
        #witness
        #before
        let #share = #make_share;
        let mut #begun = #p::Each::new(#site, #identity, #target) #shares_key #mode
            .begin(#ids, #key_of, #tags);
        let mut #gathering = #gather;
        loop {
            match #gathering.#next {
                #p::Step::Return(#returned) => break #returned,
                #p::Step::Plain => break #plain,
                #p::Step::Compute(#missing) => {
                    let #returned = #run;
                    if let ::core::option::Option::Some(#returned) = #gathering.#settle {
                        break #returned;
                    }
                }
            }
        }
    }
}

/// One id, as those who make a key or a tag have it.
fn one(each: &Each) -> TokenStream {
    let (name, id) = (&each.name, local("id"));
    match &each.id {
        // It is one already.
        Type::Reference(_) => quote!(let #name = *#id;),
        _ => quote!(let #name = #id;),
    }
}

/// The closure that writes the key of an id.
fn key_of(cached: &Cached, each: &Each) -> TokenStream {
    let (id, ty, one) = (local("id"), &each.id, one(each));
    let (key, generics) = (cached.path("__key"), cached.function.turbofish());
    let receiver = cached.receiver.as_ref().map(|it| {
        let lent = it.lend();
        quote!(#lent,)
    });
    let lent = cached.keyed().map(|param| {
        let (Param { name, cfgs, .. }, lent) = (param, param.lend());
        match *name == each.name {
            true => quote!(#(#cfgs)* #name),
            false => quote!(#(#cfgs)* #lent),
        }
    });
    let (p, writer) = (cached.krate.private(), local("writer"));
    let is_template = cached.key.is_some();
    quote!(|#id: &#ty| {
        #one
        let mut #writer = #p::KeyWriter::of_call(#is_template);
        #key #generics(#receiver #(#lent,)* &mut #writer);
        #writer.finish()
    })
}

fn tags(cached: &Cached, each: &Each) -> TokenStream {
    let p = cached.krate.private();
    let (id, tags, ty, one) = (local("id"), local("tags"), &each.id, one(each));
    match tags_with(cached) {
        Some(add) => quote!(|#id: &#ty, #tags: &mut #p::Tags| { #one #add }),
        None => quote!(|_, _| ()),
    }
}

/// What is kept and for how long.
fn keeping(cached: &Cached, each: &Each) -> TokenStream {
    let (keep, lifetime) = (cached.keep(), cached.lifetime());
    let none_ttl = match (&cached.none_ttl, each.ordered) {
        (Some((_, time)), false) => quote!(::core::option::Option::Some(#time)),
        _ => quote!(::core::option::Option::None),
    };
    let value = each.value();
    let generics = quote!(::<#value, _, _>);
    let arguments = quote!(#keep, #lifetime, #none_ttl);
    let ends = super::call::ends(cached);
    cached.krate.call(ends, "keeping", generics, arguments)
}

/// The arguments for one more call of the body, with the missing ids.
fn again(cached: &Cached, each: &Each, missing: &proc_macro2::Ident) -> TokenStream {
    let p = cached.krate.private();
    let receiver = cached.receiver.as_ref().map(|it| {
        let token = &it.token.self_token;
        match it.is_reference() {
            true => quote!(#token,),
            false => quote_spanned!(it.token.span()=> #p::again(&#token),),
        }
    });
    let arguments = cached.params.iter().map(|param| {
        let Param { name, ty, cfgs, .. } = param;
        match (*name == each.name, ty) {
            (true, _) if each.by_value => quote!(#(#cfgs)* #missing),
            (true, _) => quote!(#(#cfgs)* &#missing),
            (false, Type::Reference(_)) => quote!(#(#cfgs)* #name),
            (false, ty) => {
                let again = quote_spanned!(ty.span()=> { #p::again::<#ty> });
                quote!(#(#cfgs)* #again(&#name))
            }
        }
    });
    quote!(#receiver #(#arguments),*)
}
