//! The code of a cached function. Short: it calls ordinary functions of the support module.
//!
//! | file | what is in it |
//! |---|---|
//! | `call.rs` | the function that callers see |
//! | `first.rs` | what it does first: look at what the thread has at hand |
//! | `each.rs` | the same for several ids |
//! | `parts.rs` | what it and its companions are made of: the call, its key, its cache |
//! | `key.rs` | the key |
//! | `companions/` | what comes with the function |

mod call;
mod companions;
mod each;
mod first;
mod key;
mod parts;

use proc_macro2::TokenStream;
use quote::quote;

use super::model::{Cached, Home};

/// The code of one function.
pub(super) struct Expanded {
    /// The function itself, with what stands beside it.
    pub(super) function: TokenStream,
    /// What comes with it, where that stands elsewhere.
    pub(super) elsewhere: Elsewhere,
}

/// What comes with a function of a block.
#[derive(Default)]
pub(super) struct Elsewhere {
    /// As a trait declares it.
    pub(super) declared: TokenStream,
    /// As an `impl` defines it.
    pub(super) defined: TokenStream,
}

/// The code of a function that stands by itself, or of one in a block.
pub(super) fn expand(cached: &Cached, in_trait_impl: bool) -> Expanded {
    let wrapper = call::wrapper(cached);
    let companions = companions::all(cached);
    match &cached.home {
        Home::Nowhere => Expanded {
            function: wrapper,
            elsewhere: Elsewhere::default(),
        },
        Home::Type(name) => {
            let companions = companions::as_type(cached, name, &companions);
            Expanded {
                function: quote!(#wrapper #companions),
                elsewhere: Elsewhere::default(),
            }
        }
        Home::Beside(_) | Home::Trait(_) => {
            let is_trait = matches!(cached.home, Home::Trait(_));
            let defined = companions::defined(cached, &companions, is_trait);
            match in_trait_impl || is_trait {
                false => Expanded {
                    function: quote!(#wrapper #defined),
                    elsewhere: Elsewhere::default(),
                },
                true => Expanded {
                    function: wrapper,
                    elsewhere: Elsewhere {
                        declared: companions::declared(cached, &companions),
                        defined,
                    },
                },
            }
        }
    }
}
