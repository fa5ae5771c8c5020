//! What a call does before anything else: look at what the thread has at hand.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::model::{Cached, Home};
use super::call::Wants;
use super::parts::local;
use crate::returns::Way;

/// What a call does first.
#[derive(Clone, Copy)]
pub(super) enum First {
    /// Make what is known of it.
    Call,
    /// Look at what the thread has at hand: nothing of the call is made for that.
    Look,
    /// The same, and return what is found.
    Return,
}

impl First {
    pub(super) fn of(cached: &Cached, wants: Wants, is_plain: bool) -> Self {
        match (wants, &cached.home, cached.returns.way) {
            // Where nothing can stand beside the function, what is known of it has to be in one place.
            (Wants::Value, Home::Nowhere, _) => Self::Call,
            (Wants::Value, _, Way::Sync | Way::Async) if is_plain => Self::Return,
            (Wants::Value, _, _) if is_plain => Self::Look,
            _ => Self::Call,
        }
    }

    /// The statement before a probe, and the expression of the probe.
    pub(super) fn look(
        self,
        cached: &Cached,
        key: &TokenStream,
        call: &TokenStream,
    ) -> (TokenStream, TokenStream) {
        let (p, returns, shape) = (cached.krate.private(), &cached.returns.ty, cached.shape());
        let [form, share, recalled, returned] =
            ["form", "share", "recalled", "returned"].map(local);
        let further =
            quote!(#call.probe_further::<#returns, _, _>(&#recalled, #shape, #form, &#share));
        match self {
            Self::Call => {
                let probe = quote!(#call.probe::<#returns, _, _>(#shape, #form, &#share));
                (TokenStream::new(), probe)
            }
            Self::Look => {
                let at_hand = cached.at_hand();
                let look = quote!(match #at_hand {
                    #p::Recalled::Hit(#returned) => #p::Probed::of(#returned),
                    #recalled => #further,
                });
                (TokenStream::new(), look)
            }
            Self::Return => {
                let at_hand = cached.at_hand();
                let before = quote! {
                    let #recalled = match { #key #at_hand } {
                        #p::Recalled::Hit(#returned) => return #p::wrap::<#returns, _>(#returned, #shape),
                        #recalled => #recalled,
                    };
                };
                (before, further)
            }
        }
    }
}
