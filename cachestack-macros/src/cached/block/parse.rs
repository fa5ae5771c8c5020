//! The tokens of an `impl` → its functions. Bodies stay unparsed, as do items that are not cached.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Generics, Meta, Path, Signature, Token, Type};

use crate::item::{Function, body, is_cached};

/// Whether the item is an `impl`, by its first words.
pub(in crate::cached) fn is_impl(item: &TokenStream) -> bool {
    let mut tokens = item.clone().into_iter();
    while let Some(token) = tokens.next() {
        match token {
            // An attribute.
            TokenTree::Punct(_) => drop(tokens.next()),
            TokenTree::Ident(word) if word == "unsafe" || word == "default" => {}
            TokenTree::Ident(word) => return word == "impl",
            _ => return false,
        }
    }
    false
}

pub(super) struct Block {
    pub(super) attrs: Vec<Attribute>,
    pub(super) unsafety: Option<Token![unsafe]>,
    pub(super) generics: Generics,
    pub(super) of_trait: Option<Path>,
    pub(super) ty: Type,
    pub(super) items: Vec<Item>,
}

pub(super) enum Item {
    Cached(TokenStream, Box<Function>),
    /// One that is to be cached and has no body.
    Unfinished(TokenStream),
    Other(TokenStream),
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        input.parse::<Token![impl]>()?;
        let has_generics = input.peek(Token![<])
            && (input.peek2(Token![>])
                || input.peek2(Token![#])
                || input.peek2(Token![const])
                || (input.peek2(syn::Ident) || input.peek2(syn::Lifetime))
                    && (input.peek3(Token![:])
                        || input.peek3(Token![,])
                        || input.peek3(Token![>])
                        || input.peek3(Token![=])));
        let mut generics: Generics = match has_generics {
            true => input.parse()?,
            false => Generics::default(),
        };
        let first: Type = input.parse()?;
        let (of_trait, ty) = match (input.parse::<Option<Token![for]>>()?, first) {
            (None, ty) => (None, ty),
            (Some(_), Type::Path(path)) if path.qself.is_none() => {
                (Some(path.path), input.parse()?)
            }
            (Some(_), other) => return Err(Error::new_spanned(other, "this is not a trait")),
        };
        generics.where_clause = input.parse()?;
        let content;
        syn::braced!(content in input);
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(content.call(item)?);
        }
        Ok(Self {
            attrs,
            unsafety,
            generics,
            of_trait,
            ty,
            items,
        })
    }
}

fn item(input: ParseStream<'_>) -> syn::Result<Item> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse::<syn::Visibility>()?;
    let is_function = Signature::parse(&input.fork()).is_ok();
    if is_function && attrs.iter().any(is_cached) {
        let (own, attrs): (Vec<_>, Vec<_>) = attrs.into_iter().partition(is_cached);
        let mut own = own.into_iter();
        let args = match own.next().map(|attr| attr.meta) {
            Some(Meta::List(list)) => list.tokens,
            _ => TokenStream::new(),
        };
        let sig: Signature = input.parse()?;
        let body = match body(input.parse()?) {
            Ok(body) => body,
            // The compiler says what an `impl` must have.
            Err(other) => return Ok(Item::Unfinished(quote!(#(#attrs)* #vis #sig #other))),
        };
        // One that is given twice is told like any other.
        let attrs = attrs.into_iter().chain(own).collect();
        let function = Function {
            attrs,
            vis,
            sig,
            body,
        };
        return Ok(Item::Cached(args, Box::new(function)));
    }
    let mut tokens = quote!(#(#attrs)* #vis);
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        tokens.extend([token]);
        if ends {
            break;
        }
    }
    Ok(Item::Other(tokens))
}

/// The block without `#[cached]` on its functions, where they stand as tokens only.
pub(super) fn uncached(block: TokenStream) -> TokenStream {
    let without = |group: Group| {
        let mut kept: Vec<TokenTree> = Vec::new();
        for token in group.stream() {
            let is_own = matches!(&token, TokenTree::Group(attr)
                if attr.delimiter() == Delimiter::Bracket && names_cached(attr.stream()));
            let opens =
                |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == '#');
            match is_own && kept.last().is_some_and(opens) {
                true => drop(kept.pop()),
                false => kept.push(token),
            }
        }
        let mut new = Group::new(group.delimiter(), kept.into_iter().collect());
        new.set_span(group.span());
        TokenTree::Group(new)
    };
    let tokens = block.into_iter().map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => without(group),
        token => token,
    });
    tokens.collect()
}

/// Whether the inside of an attribute is `cached` by whatever path.
fn names_cached(attr: TokenStream) -> bool {
    let path = attr.into_iter().take_while(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(it) => it.as_char() == ':',
        _ => false,
    });
    matches!(path.last(), Some(TokenTree::Ident(name)) if name == "cached")
}
