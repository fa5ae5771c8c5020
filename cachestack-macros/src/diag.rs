//! Mistakes, collected so that all of them are told at once.

use proc_macro2::TokenStream;
use syn::Error;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Diag(Option<Error>);

impl Diag {
    pub(crate) fn add(&mut self, error: Error) {
        match &mut self.0 {
            None => self.0 = Some(error),
            Some(all) => all.combine(error),
        }
    }

    /// The value, or nothing when it is a mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The mistakes, with the user's item as it was: what is right in it should not fail too.
    pub(crate) fn report(self, item: &TokenStream) -> TokenStream {
        let errors = self.0.map(|error| error.into_compile_error());
        quote::quote! { #errors #item }
    }
}
