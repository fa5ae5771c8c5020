//! What the attribute says of stale values and timeouts.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, UnOp};

use super::model::{Cached, Home};
use crate::diag::Diag;
use crate::krate::Krate;
use crate::param::{Param, SelfArg};
use crate::returns::Way;
use crate::time;

/// What is said, argument by argument.
#[derive(Default)]
pub(super) struct Freshness {
    settings: Vec<(Ident, TokenStream)>,
    /// `hard_timeout`, with or without a time of its own.
    pub(super) hard_timeout: Option<Ident>,
    /// The first argument that has computations run in the background.
    pub(super) background: Option<Ident>,
    /// `stale_if_error`, which is for what can fail.
    pub(super) if_error: Option<Ident>,
}

impl Freshness {
    /// Takes an argument with a value.
    pub(super) fn set(&mut self, name: &Ident, value: &Expr, diag: &mut Diag) {
        let is_part = name == "refresh_ahead" || name == "jitter";
        let value = match is_part {
            true => part(name, value),
            false => time::fixed(name, value),
        };
        self.say(name);
        if let Some(value) = diag.take(value) {
            self.settings.push((name.clone(), value));
        }
    }

    /// Takes an argument that stands alone: the time is the cache's.
    pub(super) fn say(&mut self, name: &Ident) {
        match name.to_string().as_str() {
            "hard_timeout" => self.hard_timeout = Some(name.clone()),
            "stale_if_error" => self.if_error = Some(name.clone()),
            "jitter" => {}
            _ => {
                self.background.get_or_insert_with(|| name.clone());
            }
        }
    }

    /// Whether anything is said.
    pub(super) fn is_said(&self) -> bool {
        !self.settings.is_empty() || self.hard_timeout.is_some() || self.background.is_some()
    }

    /// The arguments that are given.
    pub(super) fn names(&self) -> Vec<&Ident> {
        let mut names: Vec<&Ident> = self.settings.iter().map(|(name, _)| name).collect();
        for name in self.hard_timeout.iter().chain(&self.background) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The values, which may name arguments.
    pub(super) fn values(&self) -> impl Iterator<Item = (&Ident, &TokenStream)> {
        self.settings.iter().map(|(name, value)| (name, value))
    }

    /// The expression of what is said.
    pub(super) fn expression(&self, krate: &Krate) -> TokenStream {
        let p = krate.private();
        let each = self.settings.iter().map(|(name, value)| {
            let name = Ident::new(&name.to_string(), proc_macro2::Span::call_site());
            quote!(.#name(#value))
        });
        quote!(#p::Freshness::new() #(#each)*)
    }
}

/// The expression of a part of a time, checked where it is a literal.
fn part(name: &Ident, value: &Expr) -> syn::Result<TokenStream> {
    let allowed = match name == "jitter" {
        true => "from 0 to 1, as in `jitter = 0.1`",
        false => "above 0 and below 1, as in `refresh_ahead = 0.8`",
    };
    let wrong = || {
        let message = format!("`{name}` is a part of the ttl: {allowed}");
        Error::new_spanned(value, message)
    };
    let number: f64 = match value {
        Expr::Lit(ExprLit { lit, .. }) => match lit {
            Lit::Float(number) if number.suffix().is_empty() => number.base10_parse()?,
            Lit::Int(number) if number.suffix().is_empty() => number.base10_parse()?,
            _ => return Err(wrong()),
        },
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_), ..
        }) => return Err(wrong()),
        expression => {
            let ty = quote::quote_spanned!(name.span()=> f64);
            return Ok(quote! {{
                let part: #ty = #expression;
                part
            }});
        }
    };
    let is_end = number == 0.0 || number == 1.0;
    match !(0.0..=1.0).contains(&number) || name != "jitter" && is_end {
        true => Err(wrong()),
        false => Ok(quote!(#number)),
    }
}

impl Cached {
    /// Adds what cannot be served by this function.
    pub(super) fn check_freshness(&self, diag: &mut Diag) {
        self.check_hard_timeout(diag);
        self.check_values(diag);
        let Some(name) = &self.freshness.background else {
            return;
        };
        let why = match (&self.home, self.returns.way) {
            (Home::Nowhere | Home::Trait(_), _) => {
                "has the body run in the background, for which it must stand in a function of its own: leave \
                 `companions` out, or give it a name"
            }
            (_, Way::Future | Way::Boxed) => {
                "has the body run in the background, which is for an `fn` and an `async fn`: write an `async fn`"
            }
            _ => return self.check_owned(name, diag),
        };
        diag.add(Error::new(name.span(), format!("`{name}` {why}")));
    }

    fn check_hard_timeout(&self, diag: &mut Diag) {
        let sync = self.returns.way == Way::Sync;
        if let Some(name) = self.freshness.hard_timeout.as_ref().filter(|_| sync) {
            let message = "`hard_timeout` stops waiting for the body, which only an async function allows; leave it out, or \
                           make the function `async`";
            diag.add(Error::new(name.span(), message));
        }
    }

    /// `entry` takes what is part of the key, and must know how long a value that is put there may be served.
    fn check_values(&self, diag: &mut Diag) {
        for (name, value) in self.freshness.values() {
            self.check_keyed(&name.to_string(), value, diag);
        }
    }

    /// What the body can change is the caller's, and no clone of it.
    fn check_owned(&self, name: &Ident, diag: &mut Diag) {
        let message = format!(
            "`{name}` has the body run in the background, where it would change a clone of this: take it by value or \
             shared reference, or leave `{name}` out",
        );
        if let Some(receiver) = self.receiver.as_ref().filter(|it| it.is_mutable()) {
            diag.add(Error::new_spanned(&receiver.token, &message));
        }
        for param in &self.params {
            if is_mutable(param) {
                diag.add(Error::new_spanned(&param.ty, &message));
            }
        }
    }
}

fn is_mutable(param: &Param) -> bool {
    matches!(&param.ty, syn::Type::Reference(reference) if reference.mutability.is_some())
}

/// How an argument comes to what runs in the background.
pub(super) struct Own {
    /// The statement that makes it its own.
    pub(super) take: TokenStream,
    /// The expression by which it is handed on.
    pub(super) hand_on: TokenStream,
}

impl Own {
    pub(super) fn of_param(param: &Param, krate: &Krate) -> Self {
        let Param { name, ty, cfgs, .. } = param;
        let borrowed = matches!(ty, syn::Type::Reference(reference)
            if reference.lifetime.as_ref().is_none_or(|it| it.ident != "static"));
        let ends = crate::span::Ends::of(ty);
        let (what, hand_on) = match borrowed {
            true => ("loan", quote!(#(#cfgs)* #name.lend())),
            false => ("sent", quote!(#(#cfgs)* #name)),
        };
        let owned = krate.call(ends, what, quote!(), quote!(#name));
        Self {
            take: quote!(#(#cfgs)* let #name = #owned;),
            hand_on,
        }
    }

    pub(super) fn of_self(receiver: &SelfArg, own: &Ident, krate: &Krate) -> Self {
        let token = &receiver.token.self_token;
        let ends = crate::span::Ends::of(&receiver.token);
        let (what, hand_on) = match receiver.is_reference() {
            true => ("loan", quote!(#own.lend())),
            false => ("sent", quote!(#own)),
        };
        let owned = krate.call(ends, what, quote!(), quote!(#token));
        Self {
            take: quote!(let #own = #owned;),
            hand_on,
        }
    }
}
