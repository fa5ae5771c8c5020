//! What comes with the functions of a trait impl stands in another `impl`, which must be possible.

use quote::ToTokens;
use syn::{Error, GenericParam, Type};

use super::parse::Block;
use crate::cached::model::{Cached, Home};
use crate::check;
use crate::diag::Diag;
use crate::returns::find;

/// Types of the standard library that everyone has in scope, or nearly.
const STANDARD: &[&str] = &[
    "Arc", "BTreeMap", "BTreeSet", "Box", "Cow", "Duration", "HashMap", "HashSet", "Option",
    "PathBuf", "Rc", "Result", "String", "Vec", "VecDeque",
];

impl Block {
    /// Adds what is in the way.
    pub(super) fn check(&self, functions: &[Cached], diag: &mut Diag) {
        self.check_generics(functions, diag);
        self.check_foreign(functions, diag);
    }

    /// What comes with the functions of a trait impl needs an `impl` of the type alone.
    fn check_foreign(&self, functions: &[Cached], diag: &mut Diag) {
        let mut elsewhere = functions.iter().map(|it| &it.home);
        let Some(of_trait) = &self.of_trait else {
            return;
        };
        if !elsewhere.any(|home| matches!(home, Home::Beside(_))) || !self.is_foreign() {
            return;
        }
        let of_trait = of_trait.segments.last().map(|it| it.ident.to_string());
        let message = format!(
            "nothing can be added to this type, which is not your crate's own: name a trait for what comes with the \
             functions, as in `#[cached(companions = {}Entries)]` on the `impl`, or write `companions = false` on each",
            of_trait.unwrap_or_default(),
        );
        diag.add(Error::new_spanned(&self.ty, message));
    }

    /// Whether the type is plainly none of the user's crate, by its tokens.
    fn is_foreign(&self) -> bool {
        let Type::Path(path) = &self.ty else {
            return true;
        };
        let name = match path.path.segments.last() {
            Some(last) if path.qself.is_none() => last.ident.to_string(),
            _ => return true,
        };
        let blanket = path.path.get_ident().is_some_and(|name| {
            let mut types = self.generics.type_params();
            types.any(|it| it.ident == *name)
        });
        let root = path.path.segments.first().map(|it| it.ident.to_string());
        let of_std = ["std", "core", "alloc"]
            .map(String::from)
            .map(Some)
            .contains(&root);
        blanket || of_std || check::is_primitive(&name) || STANDARD.contains(&name.as_str())
    }

    /// A parameter that only the trait knows cannot be one of another `impl`.
    fn check_generics(&self, functions: &[Cached], diag: &mut Diag) {
        let elsewhere = |it: &Cached| matches!(it.home, Home::Beside(_) | Home::Trait(_));
        if self.of_trait.is_none() || !functions.iter().any(elsewhere) {
            return;
        }
        let ty = self.ty.to_token_stream();
        for param in &self.generics.params {
            let name = match param {
                GenericParam::Type(it) => &it.ident,
                GenericParam::Const(it) => &it.ident,
                GenericParam::Lifetime(_) => continue,
            };
            if find(&ty, &name.to_string()).is_none() {
                let message = format!(
                    "`{name}` is not part of the type, so nothing can come with these functions; write \
                     `companions = false` on each",
                );
                diag.add(Error::new(name.span(), message));
            }
        }
    }
}
