#![doc = include_str!("../README.md")]
//!
//! | file | what is in it |
//! |---|---|
//! | `args.rs` | attribute tokens → arguments, each with its span |
//! | `values.rs`, `time.rs` | what the values of arguments mean |
//! | `item.rs` | item tokens → a function; its body stays unparsed |
//! | `param.rs`, `returns.rs` | what it takes, and what it returns |
//! | `body.rs` | its body as a closure |
//! | `check.rs` | what the attributes do not go on |
//! | `template.rs` | the text of `key = "..."` → literals and placeholders |
//! | `cached/`, `invalidate/` | `model.rs`: what is validated; `expand`: the code, which cannot fail; `block/`: `#[cached]` on an `impl` |
//! | `diag.rs` | all mistakes at once, each at its token, with the user's item left as it is |
//! | `names.rs` | the variables of an expression |
//! | `krate.rs` | where the library is |
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
/// | `ttl` | a time: seconds (`60`, `0.5`), a text (`"1h 30m"`), a `Duration` expression, a closure over the value | the cache's ttl, else the layer's |
/// | `none_ttl` | a time for `None` | as any value |
/// | `error_ttl` | a time for `Err`, in memory only | an `Err` is not kept |
/// | `key` | a template such as `"user:{id}:{lang}"`, or an expression that displays as the key | the function's path and all arguments |
/// | `key_self` | all of `self` is part of the key | an error asks |
/// | `skip` | `skip(a, self)`: not part of the key; or `#[cached(skip)]` on the parameter | none |
/// | `name` | what the function is known by in keys | its path |
/// | `version` | a number that is part of the key: count it up, and old values are not found any more | none |
/// | `condition` | a closure or path, called with `&value`; `false` keeps the value out of the cache | everything is kept |
/// | `tags` | `["user:{id}", "users"]`: what the entry can be invalidated by | none |
/// | `cache` | a name that `configure_named` knows, or an expression: a `Cache`, or a reference, `Arc` or `LazyLock` of one | the configured cache |
/// | `local` | memory layers only, no serde on the value | all layers |
/// | `bypass`, `refresh` | over the arguments: neither read nor write; compute and store | neither |
/// | `share_err` | makes another error for each caller that waited | errors that are `Clone` are cloned |
/// | `companions` | a name for what comes with the function, or `false` | the function's |
/// | `associated` | a function without `self` and `Self` stands in an `impl` | it does not |
/// | `crate` | the path of the library | `::cachestack` |
///
/// Works on functions and methods, sync and async, generic ones too, and on an `impl` whose functions are cached.
/// Of a `Result` only `Ok` is kept. Concurrent calls with equal arguments share one computation. A cache that
/// is down never fails the function: it computes.
///
/// Arguments that are part of the key must be `Serialize`. Kept values must be `Serialize`,
/// `DeserializeOwned`, `Clone`, `Send`, `Sync` and `'static`; behind an `Arc` they need no `Clone`.
///
/// The page `attributes` of the library's documentation has each argument with an example and what it costs.
///
/// # What comes with the function
///
/// A type of the function's name: with `get_user` in scope, `get_user::entry(42)` is the handle on one entry,
/// `get_user::entries()` the one on all, `get_user::refresh(42)` computes and stores, and
/// `get_user::uncached(42)` is the function without its cache. With methods they stand beside it:
/// `self.get_entry(42)`.
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
/// | `get_user(id)`, `self.get(id)`, `Self::list()` | the entry of a cached function for these arguments, checked against its signature |
/// | `get_user`, `self.get` | all entries of the function |
/// | `\|user\| get_user(user.id)` | a target taken from the result |
/// | `key`, `keys`, `tags` | templates such as `"user:{id}"`, or expressions |
/// | `cache` | where the keys and tags are: a name in quotes or an expression; default: the configured cache |
/// | `before`, `always` | before the body; after an `Err` too; default: after success |
/// | `condition` | a closure or path, called with `&result`; `false` deletes nothing |
/// | `put` | `\|user\| get_user(user.id)`: stores the result in that entry |
/// | `crate` | the path of the library; default: `::cachestack` |
///
/// Targets and keys may be given several times. A cached function that is itself called like an argument is
/// written as a path, `self::key(id)`. They are written before the body runs, which may move the
/// arguments. An invalidation that a store does not take is counted and traced; the function's result is
/// not touched.
#[proc_macro_attribute]
pub fn invalidate(args: TokenStream, item: TokenStream) -> TokenStream {
    invalidate::expand(args.into(), item.into()).into()
}

/// The text of a key by a template, as `#[cached(key = "...")]` writes it.
///
/// `key!("user:{id}")` escapes as the attribute does, so it finds what the function stored. Where the library
/// has another name: `key!(crate = my_cache, "user:{id}")`.
///
/// # Panics
///
/// When the `Display` of a placeholder's value fails, as `format!` does.
#[proc_macro]
pub fn key(template: TokenStream) -> TokenStream {
    template::expand_key(template.into()).into()
}
