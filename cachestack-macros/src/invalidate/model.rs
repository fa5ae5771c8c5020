//! A mutation with everything settled.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::{
    AngleBracketedGenericArguments, Error, Expr, ExprArray, ExprClosure, ExprField, ExprPath,
    Member, Pat, Path,
};

use crate::args::{Arg, Syntax, flag, ungrouped, value, values};
use crate::check;
use crate::diag::Diag;
use crate::item::Function;
use crate::krate::Krate;
use crate::names::{collect_names, mentions, names_in};
use crate::param::{self, Param, SelfArg, no_argument};
use crate::returns::Returns;
use crate::template::KeyForm;
use crate::values::{CacheChoice, items};

pub(super) const SYNTAX: Syntax = Syntax {
    attribute: "invalidate",
    arguments: &[
        values("key", "key = \"user:{id}\""),
        values("keys", "keys = [\"user:{id}\", \"users\"]"),
        values("tags", "tags = [\"user:{id}\", \"users\"]"),
        value("cache", "cache = \"sessions\""),
        flag("before"),
        flag("always"),
        value("condition", "condition = |renamed| *renamed > 0"),
        values("put", "put = |user| get_user(user.id)"),
        value("crate", "crate = my_cache"),
    ],
    targets: true,
};

pub(super) struct Invalidate {
    pub(super) krate: Krate,
    pub(super) function: Function,
    pub(super) receiver: Option<SelfArg>,
    pub(super) params: Vec<Param>,
    pub(super) returns: Returns,
    pub(super) targets: Vec<Target>,
    /// What is known only from the result.
    pub(super) after: Vec<After>,
    pub(super) cache: CacheChoice,
    pub(super) condition: Option<Expr>,
    pub(super) when: When,
}

/// When the targets are deleted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Before,
    Success,
    Always,
}

pub(super) enum Target {
    /// One entry of a cached function, or all of them.
    Cached(CachedTarget),
    /// A key that is written out.
    Key(KeyForm),
    /// An expression of keys.
    Keys(Expr),
    /// A tag.
    Tag(KeyForm),
}

/// A target taken from the result, by the name it has there.
pub(super) struct After {
    pub(super) value: Pat,
    pub(super) target: CachedTarget,
    /// The result is stored there.
    pub(super) put: bool,
}

/// A cached function.
pub(super) struct CachedTarget {
    pub(super) of: Of,
    /// The arguments of one entry; without them it is all entries.
    pub(super) arguments: Option<Vec<Expr>>,
    /// Of the arguments' parentheses.
    pub(super) parentheses: Option<Span>,
}

/// Where a cached function is found.
pub(super) enum Of {
    /// `users::get_user`
    Function(Path),
    /// `Self::list`
    Associated(Path),
    /// `self.get`, `self.users.get`
    Method(Expr, Ident, Option<AngleBracketedGenericArguments>),
}

impl CachedTarget {
    fn parse(target: Expr) -> syn::Result<Self> {
        match ungrouped(target) {
            Expr::Call(call) => match ungrouped(*call.func) {
                Expr::Path(ExprPath {
                    path, qself: None, ..
                }) => Ok(Self {
                    of: Of::by(path),
                    arguments: Some(call.args.into_iter().collect()),
                    parentheses: Some(call.paren_token.span.join()),
                }),
                other => Err(not_a_target(&other)),
            },
            Expr::MethodCall(call) => Ok(Self {
                of: Of::Method(*call.receiver, call.method, call.turbofish),
                arguments: Some(call.args.into_iter().collect()),
                parentheses: Some(call.paren_token.span.join()),
            }),
            Expr::Path(ExprPath {
                path, qself: None, ..
            }) if matches!(path.segments.last(), Some(last) if !last.arguments.is_none()) => {
                let message = "all entries of a function go, whatever it is generic over: drop the types, or give \
                               arguments for one entry";
                Err(Error::new_spanned(path.segments.last(), message))
            }
            Expr::Path(ExprPath {
                path, qself: None, ..
            }) => Ok(Self {
                of: Of::by(path),
                arguments: None,
                parentheses: None,
            }),
            Expr::Field(ExprField {
                base,
                member: Member::Named(name),
                ..
            }) => Ok(Self {
                of: Of::Method(*base, name, None),
                arguments: None,
                parentheses: None,
            }),
            other => Err(not_a_target(&other)),
        }
    }
}

fn not_a_target(target: &Expr) -> Error {
    let message = "a target is a cached function with its arguments, as in `get_user(id)`, `self.get(id)` or \
                   `Self::list()`, or without them for all of its entries";
    Error::new_spanned(target, message)
}

impl Of {
    /// A path through a type is one to its method: types begin with a capital letter.
    fn by(path: Path) -> Self {
        let mut segments = path.segments.iter().rev().skip(1);
        let is_type = segments.next().is_some_and(|owner| {
            let name = owner.ident.to_string();
            name.trim_start_matches("r#")
                .starts_with(char::is_uppercase)
        });
        match is_type {
            true => Self::Associated(path),
            false => Self::Function(path),
        }
    }
}

impl Invalidate {
    pub(super) fn new(args: Vec<Arg>, mut function: Function, diag: &mut Diag) -> Self {
        let nothing_given = args.is_empty() && diag.is_empty();
        let (receiver, params) = param::take(&mut function.sig, diag);
        check::function(&function, "invalidate", diag);
        let returns = Returns::of(&function.sig);
        let mut mutation = Self {
            krate: Krate::default(),
            function,
            receiver,
            params,
            returns,
            targets: Vec::new(),
            after: Vec::new(),
            cache: CacheChoice::Current,
            condition: None,
            when: When::Success,
        };
        let mut cache: Option<Ident> = None;
        for arg in args {
            match arg {
                Arg::Target(Expr::Closure(closure)) => mutation.after(closure, false, diag),
                Arg::Target(target) => {
                    let target = diag.take(CachedTarget::parse(target));
                    mutation.targets.extend(target.map(Target::Cached));
                }
                Arg::Value { name, value } if name == "cache" => {
                    mutation.cache = CacheChoice::new(Some(value));
                    cache = Some(name);
                }
                Arg::Value { name, value } => mutation.set(&name, value, diag),
                Arg::Flag { name } => mutation.switch(&name, diag),
                Arg::List { .. } | Arg::Wrong { .. } => {}
            }
        }
        if nothing_given {
            let message = "nothing to invalidate; name a cached function with its arguments, as in \
                           `#[invalidate(get_user(id))]`, or a key, as in `#[invalidate(key = \"user:{id}\")]`";
            diag.add(Error::new(Span::call_site(), message));
        }
        let named = |it: &Target| !matches!(it, Target::Cached(_));
        let has_named = mutation.targets.iter().any(named);
        if let Some(name) = cache.filter(|_| !has_named && diag.is_empty()) {
            let message = "`cache` says where a `key` or a tag is, and none is given; a cached function knows its own \
                           cache";
            diag.add(Error::new(name.span(), message));
        }
        mutation.check_before(diag);
        mutation.check_parts(diag);
        mutation
    }

    fn set(&mut self, name: &Ident, value: Expr, diag: &mut Diag) {
        match name.to_string().as_str() {
            "key" => {
                let form = self.named(name, value, diag);
                self.targets.extend(form.map(Target::Key));
            }
            "keys" => match value {
                Expr::Array(ExprArray { .. }) => {
                    for key in items(value) {
                        let form = self.named(name, key, diag);
                        self.targets.extend(form.map(Target::Key));
                    }
                }
                value => self.targets.push(Target::Keys(value)),
            },
            "tags" => {
                for tag in items(value) {
                    let form = self.named(name, tag, diag);
                    self.targets.extend(form.map(Target::Tag));
                }
            }
            "condition" => self.condition = Some(value),
            "put" => match value {
                Expr::Closure(closure) => self.after(closure, true, diag),
                other => {
                    let message = "`put` names the entry for the result, as in `put = |user| get_user(user.id)`";
                    diag.add(Error::new_spanned(other, message));
                }
            },
            "crate" => self.krate = diag.take(Krate::given(value)).unwrap_or_default(),
            other => unreachable!("`{other}` is in the syntax and not in the model"),
        }
    }

    fn switch(&mut self, name: &Ident, diag: &mut Diag) {
        if self.when != When::Success {
            let message = "`before` and `always` exclude each other; keep one";
            diag.add(Error::new(name.span(), message));
        }
        self.when = match name == "before" {
            true => When::Before,
            false => When::Always,
        };
    }

    /// A key or a tag by a template.
    fn named(&self, name: &Ident, value: Expr, diag: &mut Diag) -> Option<KeyForm> {
        let form = diag.take(KeyForm::parse(name, value))?;
        form.check_names(self.receiver.is_some(), &self.params, diag);
        Some(form)
    }

    /// `|user| get_user(user.id)`
    fn after(&mut self, closure: ExprClosure, put: bool, diag: &mut Diag) {
        let mut inputs = closure.inputs.iter();
        let (Some(value), None) = (inputs.next(), inputs.next()) else {
            let message = "this takes one argument, the result: `|user| get_user(user.id)`";
            diag.add(Error::new_spanned(&closure, message));
            return;
        };
        let value = value.clone();
        let Some(target) = diag.take(CachedTarget::parse(*closure.body)) else {
            return;
        };
        if let (true, None) = (put, &target.arguments) {
            let message =
                "the result goes into one entry; give its arguments, as in `get_user(user.id)`";
            diag.add(Error::new_spanned(&value, message));
        }
        self.after.push(After { value, target, put });
    }

    /// Before the body there is no result.
    fn check_before(&self, diag: &mut Diag) {
        if self.when != When::Before {
            return;
        }
        let message = "before the body there is no result to look at; drop `before`, or write another `#[invalidate]` \
                       for this";
        if let Some(condition) = &self.condition {
            diag.add(Error::new_spanned(condition, message));
        }
        for after in &self.after {
            diag.add(Error::new_spanned(&after.value, message));
        }
    }

    /// What a pattern takes out of an argument is not there yet when the targets are written.
    fn check_parts(&self, diag: &mut Diag) {
        let parts: BTreeSet<String> = self.params.iter().flat_map(Param::parts).collect();
        let cached = self.targets.iter().filter_map(|target| match target {
            Target::Cached(target) => target.arguments.as_ref(),
            _ => None,
        });
        for argument in cached.flatten() {
            let mut names = BTreeSet::new();
            collect_names(argument.to_token_stream(), &mut names);
            if let Some(part) = names.intersection(&parts).next() {
                let message = no_argument(part, self.receiver.is_some(), &self.params);
                diag.add(Error::new_spanned(argument, message));
            }
        }
    }

    /// The arguments that what looks at the result uses too, though the body may have taken them for itself.
    pub(super) fn remembered(&self) -> impl Iterator<Item = &Param> {
        let mut names = BTreeSet::new();
        for after in &self.after {
            let mut used = BTreeSet::new();
            for argument in after.target.arguments.iter().flatten() {
                collect_names(argument.to_token_stream(), &mut used);
            }
            let own = names_in(&after.value.to_token_stream());
            names.extend(used.difference(&own).cloned());
        }
        if let Some(Expr::Closure(condition)) = &self.condition {
            let used = names_in(&condition.body.to_token_stream());
            let own = names_in(&condition.inputs.to_token_stream());
            names.extend(used.difference(&own).cloned());
        }
        let body = self.function.body.stream();
        self.params.iter().filter(move |param| {
            let name = param.name.to_string();
            names.contains(&name) && mentions(&body, &name)
        })
    }

    /// Every name that stands in a target.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let mut names = self.cache.names();
        if let Some(condition) = &self.condition {
            collect_names(condition.to_token_stream(), &mut names);
        }
        let arguments = |target: &CachedTarget, names: &mut BTreeSet<String>| {
            for argument in target.arguments.iter().flatten() {
                collect_names(argument.to_token_stream(), names);
            }
        };
        for target in &self.targets {
            match target {
                Target::Key(form) | Target::Tag(form) => names.extend(form.names()),
                Target::Keys(keys) => collect_names(keys.to_token_stream(), &mut names),
                Target::Cached(target) => arguments(target, &mut names),
            }
        }
        for after in &self.after {
            arguments(&after.target, &mut names);
        }
        names
    }
}
