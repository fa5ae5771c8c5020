#![doc = include_str!("../README.md")]
//!
//! | file | what is in it |
//! |---|---|
//! | `args.rs` | attribute tokens → arguments, each with its span |
//! | `item.rs` | item tokens → a function with its parameters; its body stays unparsed |
//! | `check.rs` | what the attributes do not go on |
//! | `template.rs` | the text of `key = "..."` → literals and placeholders |
//! | `time.rs` | `ttl = ...` |
//! | `cached/`, `invalidate/` | `model.rs`: what is validated; `expand`: the code, which cannot fail |
//! | `diag.rs` | all mistakes at once, each at its token, with the user's item left as it is |
//! | `names.rs` | the variables of an expression |
//! | `span.rs` | expressions that the compiler shows at the user's tokens |
//! | `words.rs` | lists of names, and the one that was probably meant |

mod args;
mod body;
mod cached;
mod check;
mod diag;
mod invalidate;
mod item;
mod krate;
mod names;
mod param;
mod returns;
mod span;
mod template;
mod time;
mod values;
mod words;

use proc_macro::TokenStream;

/// Caches what a function returns.
///
/// | argument | value | default |
/// |---|---|---|
/// | `ttl` | seconds (`60`, `0.5`), a text (`"1h 30m"`), or any `Duration` expression; a literal zero is refused, a computed one keeps nothing | the cache's ttl, else the layer's |
/// | `key` | a template such as `"user:{id}:{lang}"`, or an expression that displays as the key | the function's path and all arguments |
/// | `condition` | a closure or path, called with `&value`; `false` keeps the value out of the cache | everything is kept |
/// | `cache` | a name that `configure_named` knows, or an expression: a `Cache`, or a reference, `Arc` or `LazyLock` of one | the configured cache |
/// | `skip` | `skip(a, b)`: arguments that are not part of the key; or `#[cached(skip)]` on the parameter | none |
/// | `version` | a number that is part of the key: count it up, and old values are not found any more | none |
///
/// Works on functions and methods, sync, async or returning a future. Of a `Result` only `Ok` is kept. Concurrent calls with equal
/// arguments share one computation. A cache that is down never fails the function: it computes.
///
/// Arguments that are part of the key must be `Serialize`. Kept values must be `Serialize`,
/// `DeserializeOwned`, `Clone`, `Send`, `Sync` and `'static`.
///
/// # In a template
///
/// `{...}` holds any expression over the arguments, written by its `Display`. `%`, `:` and the punctuation
/// between the template's placeholders are percent-escaped in it, so that two calls with different values
/// never meet. `{url:raw}` takes the last placeholder unescaped. `{{` and `}}` are braces. Each argument is
/// named in the template or skipped. Two functions with one template share their entries. What is not a
/// reference is seen as one: `{*n + 1}` for an `n: u64`, where `{n + 1}` needs an `Add` for `&u64`.
///
/// # What comes with the function
///
/// A type of the function's name: with `get_user` in scope, `get_user::entry(42)` is the handle on one entry
/// (`key`, `peek`, `get`, `put`, `invalidate`), and `get_user::uncached(42)` is the function without its
/// cache.
///
/// # On methods
///
/// `self` is part of the key, by `key = "{self.tenant}:{id}"` or by `key_self` where it is `Serialize`, or it is left
/// out by `skip(self)`; without either it is an error. What comes with a method stands beside it: `self.get_entry(42)`,
/// `Self::list_entries()`. A function of a type that names neither `self` nor `Self` says `associated`: "struct is not
/// supported in `trait`s or `impl`s" means that it does not.
///
/// In the `impl` of a trait nothing can be added, so `#[cached]` goes on the `impl` too, above or below
/// `#[async_trait]`: `#[cached] impl Repo for Pg { #[cached(ttl = 60, skip(self))] fn ... }`. Where the type is none of
/// your crate's, `#[cached(companions = RepoEntries)] impl ...` names a trait for what comes with the functions.
/// Without either, `companions = false` on the function is needed: else the compiler says that
/// `..._in_a_trait_impl_needs_companions_false` is not a member of the trait. The key of a template then ends with the
/// type, as the attribute cannot tell whether its `impl` is one of many types.
///
/// # Cancellation
///
/// An async call that is dropped while it computes hands over to one of those who wait.
#[proc_macro_attribute]
pub fn cached(args: TokenStream, item: TokenStream) -> TokenStream {
    cached::expand(args.into(), item.into()).into()
}

/// Deletes cached entries after a mutation has succeeded.
///
/// | argument | value |
/// |---|---|
/// | `get_user(id)` | the entry of a cached function for these arguments, checked against its signature |
/// | `key` | a template such as `"user:{id}"`, or an expression that displays as the key |
/// | `cache` | where the `key`s are: a name in quotes or an expression; default: the configured cache |
///
/// Targets and keys may be given several times. A cached function that is itself called `key` or `cache` is
/// written as a path, `self::key(id)`. They are written before the body runs, which may move the
/// arguments; the entries are deleted after it, unless it returned an `Err`. Works on free functions, sync
/// and async. An invalidation that a store does not take is counted and traced; the function's result is
/// not touched.
#[proc_macro_attribute]
pub fn invalidate(args: TokenStream, item: TokenStream) -> TokenStream {
    invalidate::expand(args.into(), item.into()).into()
}

/// The text of a key by a template, as `#[cached(key = "...")]` writes it.
///
/// `key!("user:{id}")` escapes as the attribute does, so it finds what the function stored.
///
/// # Panics
///
/// When the `Display` of a placeholder's value fails, as `format!` does.
#[proc_macro]
pub fn key(template: TokenStream) -> TokenStream {
    template::expand_key(template.into()).into()
}
