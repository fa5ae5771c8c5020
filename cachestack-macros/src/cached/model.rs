//! A cached function with everything settled.

use proc_macro2::{Ident, TokenStream};
use syn::{Error, Expr, LitInt, Type};

use crate::args::{self, Arg, CacheChoice, once};
use crate::diag::Diag;
use crate::item::{Function, Param};
use crate::template::KeyForm;
use crate::time;

const ARGUMENTS: &[&str] = &["ttl", "key", "condition", "cache", "skip", "version"];

pub(super) struct Cached {
    pub(super) function: Function,
    pub(super) params: Vec<Param>,
    /// Without one, the key is the function's path and arguments.
    pub(super) key: Option<KeyForm>,
    pub(super) ttl: Option<TokenStream>,
    pub(super) condition: Option<Expr>,
    pub(super) cache: CacheChoice,
    pub(super) version: Option<LitInt>,
}

impl Cached {
    /// The model, unless the arguments alone are too wrong for one; mistakes are in `diag`.
    pub(super) fn new(args: Vec<Arg>, mut function: Function, diag: &mut Diag) -> Option<Self> {
        let mut params = function.params("cached", diag);
        function.check("cached", diag);
        function.check_not_generic("cached", diag);
        check_returns(&function.returns(), diag);
        let (mut key, mut ttl, mut condition, mut cache, mut version) =
            (None, None, None, None, None);
        for arg in args {
            match arg {
                Arg::List { items, .. } => items.iter().for_each(|it| skip(it, &mut params, diag)),
                Arg::Target { path, .. } => diag.add(Error::new_spanned(
                    &path,
                    format!(
                        "`cached` takes `name = value`; only `skip(...)` has a list; {}",
                        valid()
                    ),
                )),
                Arg::Value { name, value } => match name.to_string().as_str() {
                    "ttl" => {
                        let time = diag.take(time::parse("ttl", &value));
                        once(&mut ttl, &name, time, diag);
                    }
                    "key" => {
                        let form = diag.take(KeyForm::parse(value));
                        once(&mut key, &name, form, diag);
                    }
                    "condition" => once(&mut condition, &name, Some(value), diag),
                    "cache" => once(&mut cache, &name, Some(value), diag),
                    "version" => {
                        let number = diag.take(args::version(value));
                        once(&mut version, &name, number, diag);
                    }
                    "skip" => diag.add(Error::new(
                        name.span(),
                        "`skip` takes a list, as in `skip(db, trace_id)`",
                    )),
                    _ => diag.add(args::unknown(&name, "cached", ARGUMENTS)),
                },
            }
        }
        check_key(key.as_ref(), &params, diag);
        Some(Self {
            function,
            params,
            key,
            ttl,
            condition,
            cache: CacheChoice::new(cache),
            version,
        })
    }
}

fn valid() -> String {
    let list: Vec<String> = ARGUMENTS.iter().map(|it| format!("`{it}`")).collect();
    format!("the arguments are {}", list.join(", "))
}

fn skip(name: &Ident, params: &mut [Param], diag: &mut Diag) {
    match params.iter_mut().find(|param| param.name == *name) {
        Some(param) => param.skip = true,
        None => {
            let list: Vec<String> = params.iter().map(|it| format!("`{}`", it.name)).collect();
            let message = format!(
                "no argument is called `{name}`; the arguments are {}",
                list.join(", ")
            );
            diag.add(Error::new(name.span(), message));
        }
    }
}

fn check_returns(returns: &Type, diag: &mut Diag) {
    let why = match returns {
        Type::Reference(_) => {
            "a cached value outlives the call, so it cannot be a reference; return an owned value or an `Arc`"
        }
        Type::ImplTrait(_) => {
            "a cached value needs a type with a name; return the type itself instead of `impl Trait`"
        }
        _ => return,
    };
    diag.add(Error::new_spanned(returns, why));
}

/// Every argument is part of the key or skipped, and can be.
fn check_key(key: Option<&KeyForm>, params: &[Param], diag: &mut Diag) {
    for param in params.iter().filter(|param| !param.skip) {
        if let Type::Reference(reference) = &param.ty {
            if reference.mutability.is_some() {
                let message = format!(
                    "`{}` can be changed by the body, so it cannot be part of the key; take it by value \
                     or shared reference, or leave it out with `#[cached(skip)]`",
                    param.name,
                );
                diag.add(Error::new_spanned(&param.ty, message));
            }
        }
    }
    let Some(key) = key else {
        return;
    };
    let names = key.names();
    for param in params.iter().filter(|param| !param.skip) {
        if !names.contains(&param.name.to_string()) {
            let message = format!(
                "`{0}` is not in the key, so calls that differ in it would share a value: name it, as in \
                 `{{{0}}}`, or leave it out with `#[cached(skip)]`",
                param.name,
            );
            diag.add(Error::new(param.name.span(), message));
        }
    }
    let known: Vec<&Ident> = params.iter().map(|param| &param.name).collect();
    key.check_names(&known, diag);
}
