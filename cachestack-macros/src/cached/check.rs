//! What a cached function must keep to: nothing that its value depends on is left out of the key by accident.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Error, ExprClosure, Type};

use super::model::Cached;
use crate::diag::Diag;
use crate::names::names_in;
use crate::param::Param;
use crate::returns::find;
use crate::time::Time;

impl Cached {
    /// Adds what is wrong.
    pub(super) fn check(&self, diag: &mut Diag) {
        self.check_self(diag);
        self.check_mutable(diag);
        self.check_key(diag);
        self.check_tags(diag);
        self.check_times(diag);
        match self.each {
            Some(_) => self.check_each(diag),
            None => self.check_freshness(diag),
        }
    }

    /// `self` is part of the key or left out on purpose.
    fn check_self(&self, diag: &mut Diag) {
        let Some(receiver) = &self.receiver else {
            if let Some(flag) = &self.key_self {
                let message = "`key_self` makes `self` part of the key, and this function has none";
                diag.add(Error::new(flag.span(), message));
            }
            return;
        };
        if self.unsettled {
            return;
        }
        let named = self
            .key
            .as_ref()
            .is_some_and(|key| key.names().contains("self"));
        let message = match (named, receiver.skip, &self.key_self, &self.key) {
            (true, true, ..) => {
                "`self` is in the key and skipped; take it out of the key, or do not skip it"
            }
            (_, _, Some(flag), Some(_)) => {
                let message = "`key_self` is for keys without a template; name the part of `self` that matters in \
                               `key`, as in `{self.tenant}`";
                diag.add(Error::new(flag.span(), message));
                return;
            }
            (_, true, Some(flag), _) => {
                let message = "`self` is part of the key by `key_self` and skipped; keep one";
                diag.add(Error::new(flag.span(), message));
                return;
            }
            (false, false, None, Some(_)) => {
                "`self` is not in the key, so calls on values that differ would share an entry: name the part of it \
                 that matters, as in `{self.tenant}`, or leave it out with `skip(self)`"
            }
            (false, false, None, None) => {
                "is `self` part of the key? name the part of it that matters, as in `key = \"{self.tenant}:{id}\"`, \
                 or write `key_self` where all of it is and it is `Serialize`, or leave it out with `skip(self)`"
            }
            _ => return,
        };
        diag.add(Error::new_spanned(&receiver.token, message));
    }

    fn check_mutable(&self, diag: &mut Diag) {
        let receiver = self.receiver.as_ref();
        if let Some(receiver) = receiver.filter(|it| it.is_mutable() && !it.skip) {
            let message = "the body can change `self`, so it cannot be part of the key; take it by shared reference, \
                           or leave it out with `skip(self)`";
            diag.add(Error::new_spanned(&receiver.token, message));
        }
        for param in self.keyed() {
            if matches!(&param.ty, Type::Reference(reference) if reference.mutability.is_some()) {
                let message = "the body can change this argument, so it cannot be part of the key; take it by \
                               value or shared reference, or leave it out with `#[cached(skip)]`";
                diag.add(Error::new_spanned(&param.ty, message));
            }
        }
    }

    /// Every argument is named in the key or skipped, and what the key names is an argument.
    fn check_key(&self, diag: &mut Diag) {
        let Some(key) = &self.key else {
            return;
        };
        let has_patterns = self.keyed().any(|param| param.pattern.is_some());
        if self.unsettled {
            return;
        }
        // A name that is misspelled is one mistake, and not also an argument that is missing.
        if !has_patterns && !key.check_names(self.receiver.is_some(), &self.params, diag) {
            return;
        }
        let names = key.names();
        for param in &self.params {
            let Param { name, pattern, .. } = param;
            if param.skip {
                if names.contains(&name.to_string()) {
                    let message = format!(
                        "`{name}` is in the key and skipped; take it out of the key, or do not skip it",
                    );
                    diag.add(key.error(message));
                }
            } else if let Some(pattern) = pattern {
                let message = "this argument is not in the key, so calls that differ in it would share a value: \
                               give it a name and put that in the key, or leave it out with `#[cached(skip)]`";
                diag.add(Error::new_spanned(pattern, message));
            } else if !names.contains(&name.to_string()) {
                let message = format!(
                    "`{name}` is not in the key, so calls that differ in it would share a value: name it, as in \
                     `{{{name}}}`, or leave it out with `#[cached(skip)]`",
                );
                diag.add(Error::new(name.span(), message));
            }
        }
    }

    /// Tags belong to the entry, and so are made of what its key is made of.
    fn check_tags(&self, diag: &mut Diag) {
        for tag in &self.tags {
            if !tag.check_names(self.receiver.is_some(), &self.params, diag) {
                continue;
            }
            let names = tag.names();
            let mut skipped = self.params.iter().filter(|it| it.skip);
            if let Some(param) = skipped.find(|it| names.contains(&it.name.to_string())) {
                let message = format!(
                    "`{0}` is not part of the key, so one entry would have many tags; put `{0}` into the key, or take \
                     it out of the tag",
                    param.name,
                );
                diag.add(tag.error(message));
            }
            if self.receiver.as_ref().is_some_and(|it| it.skip) && names.contains("self") {
                let message = "`self` is not part of the key, so one entry would have many tags; put what the tag names \
                               of it into the key, or take it out of the tag";
                diag.add(tag.error(message));
            }
        }
    }

    /// A time that the value tells is asked for when a value is put by hand too, where there are no arguments.
    fn check_times(&self, diag: &mut Diag) {
        match &self.ttl {
            Some(Time::ByValue(closure)) => self.check_closure("ttl", closure, diag),
            Some(Time::Fixed(time)) => self.check_keyed("ttl", time, diag),
            None => {}
        }
        if let Some((_, Time::ByValue(closure))) = &self.error_ttl {
            self.check_closure("error_ttl", closure, diag);
        }
    }

    fn check_closure(&self, time: &str, closure: &ExprClosure, diag: &mut Diag) {
        let own: BTreeSet<String> = closure
            .inputs
            .iter()
            .flat_map(|input| names_in(&input.to_token_stream()))
            .collect();
        let used = names_in(&closure.body.to_token_stream());
        let is_taken = |name: &String| used.contains(name) && !own.contains(name);
        let mut names = self.params.iter().map(|it| it.name.to_string());
        let taken = names.find(is_taken).or_else(|| {
            let named_self = String::from("self");
            (self.receiver.is_some() && is_taken(&named_self)).then_some(named_self)
        });
        if let Some(name) = taken {
            let instead = match name.as_str() {
                "self" => "self.ttl".to_owned(),
                name => format!("Duration::from_secs({name})"),
            };
            let message = format!(
                "this closure sees what was returned alone, not `{name}`; write a time that depends on arguments without a \
                 closure, as in `{time} = {instead}`",
            );
            diag.add(Error::new_spanned(&closure.body, message));
        }
    }

    /// `entry` takes what is part of the key, and must know how long a value that is put there lives.
    pub(super) fn check_keyed(&self, what: &str, time: &TokenStream, diag: &mut Diag) {
        let used = names_in(time);
        let mut skipped = self.params.iter().filter(|it| it.skip);
        if let Some(param) = skipped.find(|it| used.contains(&it.name.to_string())) {
            let message = format!(
                "`{0}` is not part of the key, so the handle on an entry has none to tell its `{what}` by; put `{0}` into \
                 the key, or take it out of the `{what}`",
                param.name,
            );
            let place = find(time, &param.name.to_string()).map(|it| it.span());
            diag.add(Error::new(place.unwrap_or_else(Span::call_site), message));
        }
    }
}
