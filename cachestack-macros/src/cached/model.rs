//! A cached function with everything settled.

use proc_macro2::{Ident, TokenStream};
use syn::{Error, Expr, LitInt, Type};

use crate::args::{self, Arg, CacheChoice, Syntax};
use crate::check;
use crate::diag::Diag;
use crate::item::{Function, Param, no_argument};
use crate::template::KeyForm;
use crate::time;

pub(super) const SYNTAX: Syntax = Syntax {
    attribute: "cached",
    arguments: &[
        ("ttl", "ttl = 60"),
        ("key", "key = \"user:{id}\""),
        ("condition", "condition = Option::is_some"),
        ("cache", "cache = \"sessions\""),
        ("skip", "skip(db, trace_id)"),
        ("version", "version = 2"),
    ],
    list: Some("skip"),
    repeatable: None,
    targets: false,
};

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
    /// The model; mistakes are in `diag`.
    pub(super) fn new(args: Vec<Arg>, mut function: Function, diag: &mut Diag) -> Self {
        let params = function.params("cached", diag);
        check::function(&function, "cached", diag);
        check::cached(&function, diag);
        let mut cached = Self {
            function,
            params,
            key: None,
            ttl: None,
            condition: None,
            cache: CacheChoice::Current,
            version: None,
        };
        for arg in args {
            match arg {
                Arg::List { items, .. } => items.iter().for_each(|it| cached.skip(it, diag)),
                Arg::Value { name, value } => cached.set(&name, value, diag),
                Arg::Target { .. } => {}
            }
        }
        cached.check_mutable(diag);
        cached.check_key(diag);
        cached
    }

    fn set(&mut self, name: &Ident, value: Expr, diag: &mut Diag) {
        match name.to_string().as_str() {
            "ttl" => self.ttl = diag.take(time::parse(name, &value)),
            "key" => self.key = diag.take(KeyForm::parse(value)),
            "condition" => self.condition = Some(value),
            "cache" => self.cache = CacheChoice::new(Some(value)),
            "version" => self.version = diag.take(args::version(value)),
            other => unreachable!("`{other}` is in the syntax and not in the model"),
        }
    }

    fn skip(&mut self, name: &Ident, diag: &mut Diag) {
        match self.params.iter_mut().find(|param| param.name == *name) {
            Some(param) => param.skip = true,
            None => {
                let message = no_argument(&name.to_string(), &self.params);
                diag.add(Error::new(name.span(), message));
            }
        }
    }

    /// The arguments that are part of the key.
    pub(super) fn keyed(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| !param.skip)
    }

    fn check_mutable(&self, diag: &mut Diag) {
        for param in self.keyed() {
            if matches!(&param.ty, Type::Reference(reference) if reference.mutability.is_some()) {
                let message = "the body can change this argument, so it cannot be part of the key; take it by \
                               value or shared reference, or leave it out with `#[cached(skip)]`";
                diag.add(Error::new_spanned(&param.ty, message));
            }
        }
    }

    /// Every argument is named in the key or skipped, and what the key names is an argument.
    fn check_key(&self, diag: &mut Diag) {
        let Some(key) = &self.key else {
            return;
        };
        let has_patterns = self.keyed().any(|param| param.pattern.is_some());
        // A name that is misspelled is one mistake, and not also an argument that is missing.
        if !has_patterns && !key.check_names(&self.params, diag) {
            return;
        }
        let names = key.names();
        for param in &self.params {
            let Param { name, pattern, .. } = param;
            if param.skip {
                if names.contains(&name.to_string()) {
                    let message = format!(
                        "`{name}` is in the key and skipped; take it out of the key, or do not skip it",
                    );
                    diag.add(key.error(message));
                }
            } else if let Some(pattern) = pattern {
                let message = "this argument is not in the key, so calls that differ in it would share a value: \
                               give it a name and put that in the key, or leave it out with `#[cached(skip)]`";
                diag.add(Error::new_spanned(pattern, message));
            } else if !names.contains(&name.to_string()) {
                let message = format!(
                    "`{name}` is not in the key, so calls that differ in it would share a value: name it, as in \
                     `{{{name}}}`, or leave it out with `#[cached(skip)]`",
                );
                diag.add(Error::new(name.span(), message));
            }
        }
    }
}
