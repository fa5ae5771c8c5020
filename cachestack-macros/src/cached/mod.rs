//! `#[cached]`
//!
//! | file | what is in it |
//! |---|---|
//! | `model.rs` | a cached function with everything settled |
//! | `freshness.rs` | what it says of stale values and timeouts |
//! | `check.rs` | what it must keep to |
//! | `each.rs` | the ids of a function of several |
//! | `block/` | `#[cached]` on an `impl` |
//! | `expand/` | the code |

mod block;
mod check;
mod each;
mod expand;
mod freshness;
mod model;

use proc_macro2::TokenStream;

use self::model::{Cached, Place};
use crate::diag::Diag;
use crate::item;

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    if block::is_impl(&item) {
        return block::expand(args, item);
    }
    let mut diag = Diag::default();
    let args = model::SYNTAX.parse(args, &mut diag);
    let function = diag.take(item::function(item.clone(), "cached"));
    let model = function.map(|function| Cached::new(args, function, Place::Alone, &mut diag));
    match model {
        Some(model) if diag.is_empty() => expand::expand(&model, false).function,
        _ => diag.report(&item::without_helpers(item)),
    }
}
