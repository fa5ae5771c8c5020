//! `#[cached]` on an `impl`: its cached functions are functions of a type, and of a trait impl what comes with
//! them goes into an `impl` of its own.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, Expr, ExprPath, GenericParam, Generics, Meta, Path, Signature, Token, Type,
};

use super::expand::{self, Elsewhere};
use super::model::{self, Cached, Home, Place};
use crate::args::{Arg, Syntax, value};
use crate::diag::Diag;
use crate::item::{Function, is_cached, only};
use crate::krate::Krate;
use crate::param;
use crate::returns::find;

const SYNTAX: Syntax = Syntax {
    attribute: "cached",
    arguments: &[
        value("companions", "companions = RepoEntries"),
        value("crate", "crate = my_cache"),
    ],
    targets: false,
};

/// Whether the item is an `impl`, by its first words.
pub(super) fn is_impl(item: &TokenStream) -> bool {
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

struct Block {
    attrs: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    generics: Generics,
    of_trait: Option<Path>,
    ty: Type,
    items: Vec<Item>,
}

enum Item {
    Cached(TokenStream, Box<Function>),
    Other(TokenStream),
}

pub(super) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let options = Options::new(SYNTAX.parse(args, &mut diag), &mut diag);
    let block = match syn::parse2::<Block>(item.clone()) {
        Ok(block) => block,
        Err(error) => {
            diag.add(error);
            return diag.report(&item);
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
    if functions.is_empty() && diag.is_empty() {
        let message =
            "no function in this `impl` is cached; write `#[cached]` on those that are to be";
        diag.add(Error::new_spanned(&block.ty, message));
    }
    block.check_generics(&functions, &mut diag);
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

    fn expand(&self, options: &Options, functions: Vec<Cached>) -> TokenStream {
        let mut functions = functions.into_iter();
        let (mut inside, mut elsewhere) = (TokenStream::new(), Elsewhere::default());
        for item in &self.items {
            match item {
                Item::Other(tokens) => inside.extend(tokens.clone()),
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
            Item::Other(tokens) => tokens.clone(),
            Item::Cached(_, function) => {
                let mut function = (**function).clone();
                param::take(&mut function.sig, &mut Diag::default());
                let Function {
                    attrs,
                    vis,
                    sig,
                    body,
                } = function;
                quote!(#(#attrs)* #vis #sig #body)
            }
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
        let sig = input.parse()?;
        let body = match input.parse()? {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => body,
            other => {
                let message = "`#[cached]` goes on a function with a body: this one has none";
                return Err(Error::new(other.span(), message));
            }
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
