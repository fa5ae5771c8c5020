//! `#[cached]` on an `impl`: its cached functions are functions of a type, and of a trait impl what comes with
//! them goes into an `impl` of its own.

mod check;
mod parse;

use proc_macro2::{Group, Ident, Spacing, TokenStream, TokenTree};
use quote::quote;
use syn::{Error, Expr, ExprPath, Path};

pub(super) use self::parse::is_impl;
use self::parse::{Block, Item, uncached};
use super::expand::{self, Elsewhere};
use super::model::{self, Cached, Place};
use crate::args::{Arg, Syntax, value};
use crate::diag::Diag;
use crate::item::only;
use crate::krate::Krate;

const SYNTAX: Syntax = Syntax {
    attribute: "cached",
    arguments: &[
        value("companions", "companions = RepoEntries"),
        value("crate", "crate = my_cache"),
    ],
    targets: false,
};

pub(super) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let options = Options::new(SYNTAX.parse(args, &mut diag), &mut diag);
    let block = match syn::parse2::<Block>(item.clone()) {
        Ok(block) => block,
        Err(error) => {
            diag.add(error);
            return diag.report(&uncached(item));
        }
    };
    let place = match (&options.companions, &block.of_trait) {
        (Some(_), Some(_)) => Place::TraitOfCompanions,
        (Some(name), None) => {
            let message = "here the companions stand beside their functions; `companions` names a trait for them \
                           where this `impl` is of a trait and the type is foreign";
            diag.add(Error::new(name.span(), message));
            Place::Block
        }
        (None, _) => Place::Block,
    };
    let mut functions = Vec::new();
    for item in &block.items {
        if let Item::Cached(args, function) = item {
            let args = model::SYNTAX.parse(args.clone(), &mut diag);
            let mut cached = Cached::new(args, (**function).clone(), place, &mut diag);
            cached.in_trait_impl = block.of_trait.is_some();
            cached.krate.or(&options.krate);
            functions.push(cached);
        }
    }
    let is_cached = |item: &Item| !matches!(item, Item::Other(_));
    if !block.items.iter().any(is_cached) && diag.is_empty() {
        let message =
            "no function in this `impl` is cached; write `#[cached]` on those that are to be";
        diag.add(Error::new_spanned(&block.ty, message));
    }
    block.check(&functions, &mut diag);
    match diag.is_empty() {
        true => block.expand(&options, functions),
        false => diag.report(&block.without_helpers()),
    }
}

/// The arguments of the block itself.
#[derive(Default)]
struct Options {
    companions: Option<Ident>,
    krate: Krate,
}

impl Options {
    fn new(args: Vec<Arg>, diag: &mut Diag) -> Self {
        let mut options = Self::default();
        for arg in args {
            let Arg::Value { name, value } = arg else {
                continue;
            };
            match (name == "crate", value) {
                (true, value) => options.krate = diag.take(Krate::given(value)).unwrap_or_default(),
                (false, Expr::Path(ExprPath { path, .. })) if path.get_ident().is_some() => {
                    options.companions = path.get_ident().cloned();
                }
                (false, other) => {
                    let message = "`companions` is a name for the trait of what comes with the functions, as in \
                                   `companions = RepoEntries`";
                    diag.add(Error::new_spanned(other, message));
                }
            }
        }
        options
    }
}

impl Block {
    fn expand(&self, options: &Options, functions: Vec<Cached>) -> TokenStream {
        let mut functions = functions.into_iter();
        let (mut inside, mut elsewhere) = (TokenStream::new(), Elsewhere::default());
        for item in &self.items {
            match item {
                Item::Other(tokens) | Item::Unfinished(tokens) => inside.extend(tokens.clone()),
                Item::Cached(..) => {
                    let Some(cached) = functions.next() else {
                        continue;
                    };
                    let expanded = expand::expand(&cached, self.of_trait.is_some());
                    inside.extend(expanded.function);
                    elsewhere.declared.extend(expanded.elsewhere.declared);
                    elsewhere.defined.extend(expanded.elsewhere.defined);
                }
            }
        }
        let block = self.with(inside);
        let companions = self.companions(options, elsewhere);
        quote!(#block #companions)
    }

    fn companions(&self, options: &Options, elsewhere: Elsewhere) -> TokenStream {
        let Some(of_trait) = &self.of_trait else {
            return TokenStream::new();
        };
        if elsewhere.defined.is_empty() {
            return TokenStream::new();
        }
        let cfgs = only(&self.attrs, &["cfg"]);
        let (impl_generics, type_generics, where_clause) = self.generics.split_for_impl();
        let ty = &self.ty;
        let types = self.own_types();
        let defined = qualified(elsewhere.defined, &types, of_trait);
        let Some(name) = &options.companions else {
            return quote! {
                #(#cfgs)*
                impl #impl_generics #ty #where_clause { #defined }
            };
        };
        let declared = qualified(elsewhere.declared, &types, of_trait);
        let generics = &self.generics;
        let doc = "What comes with the cached functions of the `impl` beside it.";
        quote! {
            #(#cfgs)*
            #[doc = #doc]
            pub trait #name #generics: #of_trait #where_clause { #declared }

            #(#cfgs)*
            impl #impl_generics #name #type_generics for #ty #where_clause { #defined }
        }
    }

    /// The block with other items.
    fn with(&self, items: TokenStream) -> TokenStream {
        let Self {
            attrs,
            unsafety,
            generics,
            of_trait,
            ty,
            ..
        } = self;
        let (impl_generics, _, where_clause) = generics.split_for_impl();
        let of_trait = of_trait.as_ref().map(|path| quote!(#path for));
        quote!(#(#attrs)* #unsafety impl #impl_generics #of_trait #ty #where_clause { #items })
    }

    /// The block as it was without the attributes of this crate, which would tell its mistakes again.
    fn without_helpers(&self) -> TokenStream {
        let items = self.items.iter().map(|item| match item {
            Item::Other(tokens) | Item::Unfinished(tokens) => tokens.clone(),
            Item::Cached(_, function) => (**function).clone().without_helpers(),
        });
        self.with(quote!(#(#items)*))
    }

    /// The names of the types that the block gives to its trait.
    fn own_types(&self) -> Vec<Ident> {
        let mut names = Vec::new();
        for item in &self.items {
            let Item::Other(tokens) = item else { continue };
            let mut tokens = tokens.clone().into_iter();
            // Attributes may stand before it.
            let is_type =
                |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "type");
            if tokens.any(|token| is_type(&token)) {
                if let Some(TokenTree::Ident(name)) = tokens.next() {
                    names.push(name);
                }
            }
        }
        names
    }
}

/// `Self::Out` → `<Self as Trait>::Out`, which an `impl` of the type alone can name too.
fn qualified(tokens: TokenStream, types: &[Ident], of_trait: &Path) -> TokenStream {
    if types.is_empty() {
        return tokens;
    }
    let mut rest = tokens.into_iter().peekable();
    let mut out = TokenStream::new();
    while let Some(token) = rest.next() {
        match token {
            TokenTree::Group(group) => {
                let inner = qualified(group.stream(), types, of_trait);
                let mut new = Group::new(group.delimiter(), inner);
                new.set_span(group.span());
                out.extend([TokenTree::Group(new)]);
            }
            TokenTree::Ident(own) if own == "Self" && is_colon(rest.peek()) => {
                let colons: Vec<TokenTree> = rest.by_ref().take(2).collect();
                match rest.peek() {
                    Some(TokenTree::Ident(name)) if types.contains(name) => {
                        out.extend(quote!(<#own as #of_trait>));
                    }
                    _ => out.extend([TokenTree::Ident(own)]),
                }
                out.extend(colons);
            }
            token => out.extend([token]),
        }
    }
    out
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint)
}
