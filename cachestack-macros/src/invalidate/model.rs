//! A mutation with everything settled.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Error, Expr, Path};

use crate::args::{self, Arg, CacheChoice, once};
use crate::diag::Diag;
use crate::item::{Function, Param};
use crate::template::{KeyForm, collect_names};

const ARGUMENTS: &[&str] = &["key", "cache"];

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
        let params = function.params("invalidate", diag);
        function.check("invalidate", diag);
        let known: Vec<&Ident> = params.iter().map(|param| &param.name).collect();
        let mut targets = Vec::new();
        let mut cache = None;
        let was_empty = args.is_empty() && diag.is_empty();
        for arg in args {
            match arg {
                Arg::Target { path, arguments } => targets.push(Target::Call { path, arguments }),
                // No argument of this attribute takes a list of names.
                Arg::List { name, .. } => diag.add(args::unknown(&name, "invalidate", ARGUMENTS)),
                Arg::Value { name, value } => match name.to_string().as_str() {
                    "key" => {
                        if let Some(form) = diag.take(KeyForm::parse(value)) {
                            form.check_names(&known, diag);
                            targets.push(Target::Key(form));
                        }
                    }
                    "cache" => once(&mut cache, &name, Some(value), diag),
                    _ => diag.add(args::unknown(&name, "invalidate", ARGUMENTS)),
                },
            }
        }
        if was_empty || (targets.is_empty() && diag.is_empty()) {
            diag.add(Error::new(
                args::attribute_span(),
                "nothing to invalidate; name a cached function with its arguments, as in \
                 `#[invalidate(get_user(id))]`, or a key, as in `#[invalidate(key = \"user:{id}\")]`",
            ));
        }
        Self {
            function,
            params,
            targets,
            cache: CacheChoice::new(cache),
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
