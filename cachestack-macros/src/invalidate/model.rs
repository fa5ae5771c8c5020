//! A mutation with everything settled.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::{Error, Expr, Path};

use crate::args::{Arg, CacheChoice, Syntax};
use crate::check;
use crate::diag::Diag;
use crate::item::{Function, Param, no_argument};
use crate::names::collect_names;
use crate::template::KeyForm;

pub(super) const SYNTAX: Syntax = Syntax {
    attribute: "invalidate",
    arguments: &[
        ("key", "key = \"user:{id}\""),
        ("cache", "cache = \"sessions\""),
    ],
    list: None,
    repeatable: Some("key"),
    targets: true,
};

pub(super) struct Invalidate {
    pub(super) function: Function,
    pub(super) params: Vec<Param>,
    pub(super) targets: Vec<Target>,
    pub(super) cache: CacheChoice,
}

pub(super) enum Target {
    /// An entry of a cached function.
    Call { path: Path, arguments: Vec<Expr> },
    /// A key that is written out.
    Key(KeyForm),
}

impl Invalidate {
    pub(super) fn new(args: Vec<Arg>, mut function: Function, diag: &mut Diag) -> Self {
        let nothing_given = args.is_empty() && diag.is_empty();
        let params = function.params("invalidate", diag);
        check::function(&function, "invalidate", diag);
        let mut targets = Vec::new();
        let mut cache: Option<(Ident, Expr)> = None;
        for arg in args {
            match arg {
                Arg::Target { path, arguments } => targets.push(Target::Call { path, arguments }),
                Arg::Value { name, value } if name == "cache" => cache = Some((name, value)),
                Arg::Value { value, .. } => {
                    if let Some(form) = diag.take(KeyForm::parse(value)) {
                        form.check_names(&params, diag);
                        targets.push(Target::Key(form));
                    }
                }
                Arg::List { .. } => {}
            }
        }
        if nothing_given {
            let message = "nothing to invalidate; name a cached function with its arguments, as in \
                           `#[invalidate(get_user(id))]`, or a key, as in `#[invalidate(key = \"user:{id}\")]`";
            diag.add(Error::new(Span::call_site(), message));
        }
        let has_key = targets.iter().any(|it| matches!(it, Target::Key(_)));
        if let Some((name, _)) = cache.as_ref().filter(|_| !has_key && diag.is_empty()) {
            let message = "`cache` says where a `key` is, and none is given; a cached function knows its own cache";
            diag.add(Error::new(name.span(), message));
        }
        let mutation = Self {
            function,
            params,
            targets,
            cache: CacheChoice::new(cache.map(|(_, value)| value)),
        };
        mutation.check_parts(diag);
        mutation
    }

    /// What a pattern takes out of an argument is not there yet when the targets are written.
    fn check_parts(&self, diag: &mut Diag) {
        let parts: BTreeSet<String> = self.params.iter().flat_map(Param::parts).collect();
        for target in &self.targets {
            let Target::Call { arguments, .. } = target else {
                continue;
            };
            for argument in arguments {
                let mut names = BTreeSet::new();
                collect_names(argument.to_token_stream(), &mut names);
                if let Some(part) = names.intersection(&parts).next() {
                    let message = no_argument(part, &self.params);
                    diag.add(Error::new_spanned(argument, message));
                }
            }
        }
    }

    /// Every name that stands in a target.
    pub(super) fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for target in &self.targets {
            match target {
                Target::Key(form) => names.extend(form.names()),
                Target::Call { arguments, .. } => {
                    for argument in arguments {
                        collect_names(argument.to_token_stream(), &mut names);
                    }
                }
            }
        }
        names
    }
}
