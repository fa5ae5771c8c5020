//! A cached function with everything settled.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident};
use syn::{Error, Expr, ExprLit, ExprPath, Lit, LitBool, LitInt, LitStr};

use super::each::Each;
use super::freshness::Freshness;
use crate::args::{Arg, Syntax, flag, flag_or_value, list, value};
use crate::check;
use crate::diag::Diag;
use crate::item::Function;
use crate::krate::Krate;
use crate::names::{mentions, names_in};
use crate::param::{self, Param, SelfArg, no_argument};
use crate::returns::{self, Returns};
use crate::template::KeyForm;
use crate::time::{self, Time};
use crate::values::{self, CacheChoice};

pub(super) const SYNTAX: Syntax = Syntax {
    attribute: "cached",
    arguments: &[
        value("ttl", "ttl = 60"),
        value("none_ttl", "none_ttl = 5"),
        value("error_ttl", "error_ttl = 1"),
        value("stale_while_revalidate", "stale_while_revalidate = 30"),
        value("stale_if_error", "stale_if_error = \"1h\""),
        value("refresh_ahead", "refresh_ahead = 0.8"),
        value("timeout", "timeout = \"200ms\""),
        flag_or_value("hard_timeout", "hard_timeout = \"2s\""),
        value("jitter", "jitter = 0.1"),
        flag("background"),
        value("key", "key = \"user:{id}\""),
        flag("key_self"),
        list("skip", "skip(db, trace_id)"),
        value("name", "name = \"users.get\""),
        value("version", "version = 2"),
        value("condition", "condition = Option::is_some"),
        value("tags", "tags = [\"user:{id}\", \"users\"]"),
        value("each", "each = ids"),
        value("cache", "cache = \"sessions\""),
        flag("local"),
        value("bypass", "bypass = id == 0"),
        value("refresh", "refresh = fresh"),
        value("share_err", "share_err = |e: &DbError| e.again()"),
        value("companions", "companions = user_cache"),
        flag("associated"),
        value("crate", "crate = my_cache"),
    ],
    targets: false,
};

/// Where the function stands, as far as its attribute can tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// By itself, or in an `impl` that it says nothing of.
    Alone,
    /// In an `impl` that bears `#[cached]` too.
    Block,
    /// The same, where what comes with the functions goes into a trait.
    TraitOfCompanions,
}

/// Where what comes with the function is.
pub(super) enum Home {
    /// In a type of this name.
    Type(Ident),
    /// Beside it, beginning with this name. The body is there too.
    Beside(Ident),
    /// In a trait, beginning with this name.
    Trait(Ident),
    /// Nowhere.
    Nowhere,
}

pub(super) struct Cached {
    pub(super) krate: Krate,
    pub(super) function: Function,
    pub(super) receiver: Option<SelfArg>,
    pub(super) params: Vec<Param>,
    pub(super) returns: Returns,
    pub(super) home: Home,
    /// Whether it is a function of a type.
    pub(super) is_method: bool,
    pub(super) in_trait_impl: bool,
    /// Without one, the key is the function's path and arguments.
    pub(super) key: Option<KeyForm>,
    pub(super) name: Option<LitStr>,
    pub(super) version: Option<LitInt>,
    pub(super) ttl: Option<Time>,
    /// With the name of the argument.
    pub(super) none_ttl: Option<(Ident, TokenStream)>,
    pub(super) error_ttl: Option<(Ident, Time)>,
    pub(super) freshness: Freshness,
    pub(super) condition: Option<Expr>,
    pub(super) share_err: Option<Expr>,
    pub(super) tags: Vec<KeyForm>,
    pub(super) cache: CacheChoice,
    pub(super) local: bool,
    pub(super) bypass: Option<Expr>,
    pub(super) refresh: Option<Expr>,
    pub(super) key_self: Option<Ident>,
    /// Several ids, each with an entry of its own. The argument that holds them stands for one here.
    pub(super) each: Option<Each>,
    each_given: Option<(Ident, Expr)>,
    /// What is part of the key cannot be told: there is a mistake in what says so.
    pub(super) unsettled: bool,
    associated: bool,
    companions: Option<Expr>,
}

impl Cached {
    /// The model; mistakes are in `diag`.
    pub(super) fn new(
        args: Vec<Arg>,
        mut function: Function,
        place: Place,
        diag: &mut Diag,
    ) -> Self {
        let (receiver, params) = param::take(&mut function.sig, diag);
        check::function(&function, "cached", diag);
        check::given_once(&function, diag);
        let returns = Returns::of(&function.sig);
        if let Some(error) = returns::refusal(&returns) {
            diag.add(error);
        }
        let mut cached = Self {
            krate: Krate::default(),
            function,
            receiver,
            params,
            returns,
            home: Home::Nowhere,
            is_method: false,
            in_trait_impl: false,
            key: None,
            name: None,
            version: None,
            ttl: None,
            none_ttl: None,
            error_ttl: None,
            freshness: Freshness::default(),
            condition: None,
            share_err: None,
            tags: Vec::new(),
            cache: CacheChoice::Current,
            local: false,
            bypass: None,
            refresh: None,
            key_self: None,
            each: None,
            each_given: None,
            unsettled: false,
            associated: false,
            companions: None,
        };
        for arg in args {
            match arg {
                Arg::List { items } => items.iter().for_each(|it| cached.skip(it, diag)),
                Arg::Value { name, value } => cached.set(&name, value, diag),
                Arg::Flag { name } => cached.switch_on(name),
                Arg::Wrong { name } => {
                    cached.unsettled |= ["key", "key_self", "skip", "each"]
                        .iter()
                        .any(|it| name == it);
                }
                Arg::Target(_) => {}
            }
        }
        if let Some((word, value)) = cached.each_given.take() {
            cached.find_each(&word, &value, diag);
        }
        cached.skip_what_only_decides();
        cached.is_method = cached.is_of_type(place);
        cached.home = cached.find_home(place, diag);
        cached.check(diag);
        cached
    }

    fn set(&mut self, name: &Ident, value: Expr, diag: &mut Diag) {
        match name.to_string().as_str() {
            "ttl" => self.ttl = diag.take(Time::parse(name, value)),
            "none_ttl" => self.none_ttl = diag.take(fixed_time(name, &value)),
            "error_ttl" => {
                let time = diag.take(Time::parse(name, value));
                self.error_ttl = time.map(|time| (name.clone(), time));
            }
            "key" => {
                self.key = diag.take(KeyForm::parse(name, value));
                self.unsettled |= self.key.is_none();
            }
            "name" => self.name = diag.take(values::name(value)),
            "version" => self.version = diag.take(values::version(value)),
            "condition" => self.condition = Some(value),
            "tags" => {
                for tag in values::items(value) {
                    self.tags.extend(diag.take(KeyForm::parse(name, tag)));
                }
            }
            "each" => self.each_given = Some((name.clone(), value)),
            "cache" => self.cache = CacheChoice::new(Some(value)),
            "stale_while_revalidate"
            | "stale_if_error"
            | "refresh_ahead"
            | "timeout"
            | "hard_timeout"
            | "jitter" => self.freshness.set(name, &value, diag),
            "bypass" => self.bypass = Some(value),
            "refresh" => self.refresh = Some(value),
            "share_err" => self.share_err = Some(value),
            "companions" => self.companions = Some(value),
            "crate" => self.krate = diag.take(Krate::given(value)).unwrap_or_default(),
            other => unreachable!("`{other}` is in the syntax and not in the model"),
        }
    }

    fn switch_on(&mut self, name: Ident) {
        match name.to_string().as_str() {
            "key_self" => self.key_self = Some(name),
            "local" => self.local = true,
            "background" | "hard_timeout" => self.freshness.say(&name),
            "associated" => self.associated = true,
            other => unreachable!("`{other}` is in the syntax and not in the model"),
        }
    }

    fn skip(&mut self, name: &Ident, diag: &mut Diag) {
        if let Some(receiver) = self.receiver.as_mut().filter(|_| name == "self") {
            receiver.skip = true;
            return;
        }
        match self.params.iter_mut().find(|param| param.name == *name) {
            Some(param) => param.skip = true,
            None => {
                let message = no_argument(&name.to_string(), self.receiver.is_some(), &self.params);
                diag.add(Error::new(name.span(), message));
                self.unsettled = true;
            }
        }
    }

    /// An argument that decides whether the cache is used, and of which the body has not even the name, is not part
    /// of the key.
    fn skip_what_only_decides(&mut self) {
        let mut deciding = BTreeSet::new();
        for decision in [&self.bypass, &self.refresh].into_iter().flatten() {
            deciding.extend(names_in(&decision.to_token_stream()));
        }
        let body = self.function.body.stream();
        // What is in another file may use anything.
        let hidden = mentions(&body, "include");
        let keyed = self.key.as_ref().map(KeyForm::names).unwrap_or_default();
        for param in &mut self.params {
            let name = param.name.to_string();
            param.skip |= !hidden
                && deciding.contains(&name)
                && !keyed.contains(&name)
                && !mentions(&body, &name);
        }
    }

    /// Whether it is a function of a type.
    fn is_of_type(&self, place: Place) -> bool {
        place != Place::Alone
            || self.associated
            || self.receiver.is_some()
            || check::uses_self_type(&self.function)
    }

    fn find_home(&self, place: Place, diag: &mut Diag) -> Home {
        let function = &self.function.sig.ident;
        let prefix = match &self.companions {
            None => function.clone(),
            Some(Expr::Lit(ExprLit {
                lit: Lit::Bool(LitBool { value: false, .. }),
                ..
            })) => return Home::Nowhere,
            Some(Expr::Path(ExprPath { path, .. })) if path.get_ident().is_some() => {
                path.segments[0].ident.clone()
            }
            Some(other) => {
                let message = format!(
                    "`companions` is a name for what comes with the function, as in `companions = {function}_cache`, \
                     or `false` for nothing",
                );
                diag.add(Error::new_spanned(other, message));
                return Home::Nowhere;
            }
        };
        // An `#[async_trait]` above has been here already, and that is a trait's.
        let generics = &self.function.sig.generics;
        let after_async_trait = generics
            .lifetimes()
            .any(|it| it.lifetime.ident == "async_trait");
        match place {
            Place::TraitOfCompanions => Home::Trait(prefix),
            Place::Alone if after_async_trait && self.companions.is_none() => Home::Nowhere,
            _ if self.is_method => Home::Beside(prefix),
            _ => {
                check::companion(&prefix, diag);
                Home::Type(prefix)
            }
        }
    }

    /// The arguments that are part of the key.
    pub(super) fn keyed(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| !param.skip)
    }

    /// Whether all of `self` is part of the key.
    pub(super) fn writes_self(&self) -> bool {
        self.key_self.is_some()
    }

    /// Every name that the attribute uses, where the body may not.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for form in self.key.iter().chain(&self.tags) {
            names.extend(form.names());
        }
        for decision in [&self.bypass, &self.refresh].into_iter().flatten() {
            names.extend(names_in(&decision.to_token_stream()));
        }
        let error_ttl = self.error_ttl.as_ref().map(|(_, time)| time);
        for time in self.ttl.iter().chain(error_ttl) {
            if let Time::Fixed(time) = time {
                names.extend(names_in(time));
            }
        }
        if let Some((_, time)) = &self.none_ttl {
            names.extend(names_in(time));
        }
        for (_, value) in self.freshness.values() {
            names.extend(names_in(value));
        }
        names.extend(self.cache.names());
        names
    }

    /// The name of one of the things that come with the function.
    pub(super) fn companion(&self, what: &str) -> Ident {
        match &self.home {
            Home::Type(_) | Home::Nowhere => format_ident!("{what}"),
            // The first that an `impl` of a trait refuses, so its name says what to write there.
            Home::Beside(prefix) | Home::Trait(prefix) if what == "__site" => {
                format_ident!("__{prefix}_in_a_trait_impl_needs_companions_false")
            }
            Home::Beside(prefix) | Home::Trait(prefix) => match what.strip_prefix("__") {
                Some(what) => format_ident!("__{prefix}_{what}"),
                None => format_ident!("{prefix}_{what}"),
            },
        }
    }
}

fn fixed_time(name: &Ident, value: &Expr) -> syn::Result<(Ident, TokenStream)> {
    Ok((name.clone(), time::fixed(name, value)?))
}
