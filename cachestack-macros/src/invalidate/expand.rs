//! The code of a mutation: its targets, its body, and what follows it.

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, Path};

use super::model::{CachedTarget, Invalidate, Of, Target, When};
use crate::body;
use crate::returns::Way;
use crate::span::{self, Ends};

pub(super) fn expand(mutation: &Invalidate) -> TokenStream {
    let p = mutation.krate.private();
    let function = &mutation.function;
    let (attrs, vis, body) = (function.outer_attrs(), &function.vis, &function.body);
    let returns = &mutation.returns.ty;
    let sig = function.plain_signature(&mutation.params, false);
    let [tag, doomed] = ["tag", "doomed"].map(local);
    let targets = mutation.targets.iter().map(|target| doom(mutation, target));
    let when = Ident::new(
        match mutation.when {
            When::Before => "Before",
            When::Success => "Success",
            When::Always => "Always",
        },
        Span::call_site(),
    );
    let after = after(mutation);
    let remembered = mutation.remembered().map(|param| {
        let (name, cfgs) = (&param.name, &param.cfgs);
        let ends = Ends::of(&param.ty);
        let lent = lent_by_macro(ends, name);
        let kept = mutation.krate.call(ends, "remember", quote!(), lent);
        quote!(#(#cfgs)* let #name = #kept;)
    });
    let remembered: TokenStream = remembered.collect();
    // Closures over the arguments as they were.
    let as_they_were = |closure: TokenStream| match remembered.is_empty() {
        true => closure,
        false => quote!({ #remembered move #closure }),
    };
    let (inner, compute) = compute(mutation);
    let condition = match &mutation.condition {
        Some(condition @ Expr::Closure(closure)) if closure.capture.is_none() => {
            as_they_were(quote!(#condition))
        }
        Some(condition) => quote!(#condition),
        None => quote!(#p::keep_all),
    };
    let after = match mutation.after.is_empty() {
        true => after,
        false => as_they_were(after),
    };
    let (run, generics) = match mutation.returns.way {
        Way::Sync => ("invalidate_sync", quote!(::<#returns, _>)),
        _ => ("invalidate_async", quote!(::<#returns, _, _>)),
    };
    // What else does not fit is the condition.
    let ends = match &mutation.condition {
        Some(condition) => Ends::of(condition),
        None => Ends::at(Span::call_site()),
    };
    let arguments =
        quote!((#p::When::#when, #doomed), (&#tag).shape(), #condition, #after, #compute);
    let run = mutation.krate.call(ends, run, generics, arguments);
    let run = match mutation.returns.way {
        Way::Sync | Way::Future => run,
        Way::Async => quote!(#run.await),
        Way::Boxed => quote!(::std::boxed::Box::pin(#run)),
    };
    let outer_body = quote! {
        use #p::{OfFallible as _, OfOther as _};

        #inner

        #[allow(clippy::needless_borrow, clippy::vec_init_then_push)]
        let #doomed = {
            let mut #doomed: ::std::vec::Vec<#p::Doomed> = ::std::vec::Vec::new();
            #(#targets)*
            #doomed
        };
        let #tag = #p::Tag::<#returns>::NEW;
        #run
    };
    // With the user's braces the whole function is the user's own for lints and errors.
    let outer_body = span::group(Delimiter::Brace, outer_body, body.span());
    quote!(#(#attrs)* #vis #sig #outer_body)
}

/// A reference that the compiler does not take for one the user wrote.
fn lent_by_macro(ends: Ends, name: &Ident) -> TokenStream {
    let [first, last] = [ends.first, ends.last].map(|it| it.resolved_at(Span::mixed_site()));
    let and = quote_spanned!(first=> &);
    let name = span::group(Delimiter::Parenthesis, quote!(#name), last);
    quote!(#and #name)
}

fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The statement that adds a target.
fn doom(mutation: &Invalidate, target: &Target) -> TokenStream {
    let p = mutation.krate.private();
    let [doomed, writer] = ["doomed", "writer"].map(local);
    let cache = mutation.cache.target(&mutation.krate);
    let named = |form: &crate::template::KeyForm, kind: TokenStream| {
        let parts = form.write(&writer, &mutation.krate);
        quote! {
            let mut #writer = #p::KeyWriter::template();
            #parts
            #doomed.push(#p::Doomed::#kind(#cache, #writer.finish()));
        }
    };
    match target {
        Target::Cached(target) => {
            let handle = handle(target, "__entry", true);
            quote!(#doomed.push(::core::convert::Into::into(#handle));)
        }
        Target::Key(form) => named(form, quote!(key)),
        Target::Tag(form) => named(form, quote!(tag)),
        Target::Keys(keys) => quote!(#doomed.extend(#p::Doomed::keys(#cache, #keys));),
    }
}

/// The handle on the entry of a target, or on all entries where no arguments are given.
fn handle(target: &CachedTarget, entry: &str, lend: bool) -> TokenStream {
    let (what, arguments) = match &target.arguments {
        None => ("entries", TokenStream::new()),
        Some(arguments) => {
            let arguments = arguments.iter().map(|it| match lend {
                // What does not fit is told at the argument, else at the target.
                true => span::over(it, quote!(#it)),
                false => quote!(#it),
            });
            (entry, quote!(#(#arguments),*))
        }
    };
    let end = target.parentheses;
    match &target.of {
        Of::Function(path) => {
            let Ends { first, last } = Ends::of(path);
            let open = quote_spanned!(first=> <);
            let arguments = span::group(Delimiter::Parenthesis, arguments, end.unwrap_or(last));
            let what = Ident::new(what, last);
            // The companions' type is not generic, its functions are.
            let mut path = path.clone();
            let generics = path
                .segments
                .last_mut()
                .map(|last| std::mem::take(&mut last.arguments));
            quote!(#open #path>::#what #generics #arguments)
        }
        Of::Associated(path) => {
            let (path, last) = with_companion(path, what);
            let arguments = span::group(Delimiter::Parenthesis, arguments, end.unwrap_or(last));
            quote!(#path #arguments)
        }
        Of::Method(receiver, name, generics) => {
            let companion = companion(name, what);
            let arguments = span::group(
                Delimiter::Parenthesis,
                arguments,
                end.unwrap_or(name.span()),
            );
            quote!(#receiver.#companion #generics #arguments)
        }
    }
}

/// `Self::list` → `Self::__list_entry`
fn with_companion(path: &Path, what: &str) -> (Path, Span) {
    let mut path = path.clone();
    let mut span = Span::call_site();
    if let Some(last) = path.segments.last_mut() {
        last.ident = companion(&last.ident, what);
        span = last.ident.span();
    }
    (path, span)
}

/// The companion of a function of a type.
fn companion(function: &Ident, what: &str) -> Ident {
    let span = function.span();
    match what.strip_prefix("__") {
        Some(what) => format_ident!("__{function}_{what}", span = span),
        None => format_ident!("{function}_{what}", span = span),
    }
}

/// The closure for what is known only from the result.
fn after(mutation: &Invalidate) -> TokenStream {
    let p = mutation.krate.private();
    if mutation.after.is_empty() {
        return quote!(#p::nothing_after);
    }
    let [value, all] = ["value", "after"].map(local);
    let each = mutation.after.iter().map(|after| {
        let pattern = &after.value;
        match after.put {
            true => {
                let handle = handle(&after.target, "entry", false);
                // A result of another type is told at its name.
                let ends = Ends::of(pattern);
                let result = value.span().located_at(ends.first);
                let result = Ident::new("value", result);
                let put = mutation
                    .krate
                    .call(ends, "put", quote!(), quote!(#handle, #result));
                quote!({ let #pattern = #value; #all.put(#put); })
            }
            false => {
                let handle = handle(&after.target, "__entry", true);
                quote!({ let #pattern = #value; #all.delete(#handle); })
            }
        }
    });
    quote! {
        |#value, #all| {
            #[allow(clippy::needless_borrow)]
            { #(#each)* }
        }
    }
}

/// The body: a function inside where that can be, and the closure that runs it.
fn compute(mutation: &Invalidate) -> (TokenStream, TokenStream) {
    let function = &mutation.function;
    let body_attrs = function.body_attrs();
    let body = &function.body;
    let uses_self = mutation.receiver.is_some() || crate::check::uses_self_type(function);
    let has_generics = function.instance().next().is_some();
    if !uses_self && !has_generics {
        let name = format_ident!("__{}_body", function.sig.ident, span = Span::mixed_site());
        let inner = function.body_signature(name.clone(), &mutation.names());
        let arguments = mutation.params.iter().map(|param| {
            let (name, cfgs) = (&param.name, &param.cfgs);
            quote!(#(#cfgs)* #name)
        });
        let run = quote!(move || #name(#(#arguments),*));
        return (quote!(#(#body_attrs)* #inner #body), run);
    }
    let run = body::closure(function, &mutation.params, &mutation.returns);
    (TokenStream::new(), run)
}
