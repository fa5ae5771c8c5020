//! `#[invalidate]`

mod expand;
mod model;

use proc_macro2::TokenStream;

use crate::diag::Diag;
use crate::item;

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let args = model::SYNTAX.parse(args, &mut diag);
    let function = diag.take(item::function(item.clone(), "invalidate"));
    let model = function.map(|function| model::Invalidate::new(args, function, &mut diag));
    match model {
        Some(model) if diag.is_empty() => expand::expand(&model),
        _ => diag.report(&item::without_helpers(item)),
    }
}
