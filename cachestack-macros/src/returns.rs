//! What a function returns: a value, or a future of one.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    AssocType, Error, GenericArgument, Ident, PathArguments, ReturnType, Signature, Type,
    TypeParamBound,
};

use crate::span::Ends;

/// What a call gives, in the end.
pub(crate) struct Returns {
    /// The type of the value, `()` where none is written.
    pub(crate) ty: Type,
    pub(crate) way: Way,
    ends: Ends,
}

/// How a function hands its value over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It returns it.
    Sync,
    /// It is an `async fn`.
    Async,
    /// It returns an `impl Future`.
    Future,
    /// It returns a `Pin<Box<dyn Future>>`.
    Boxed,
}

impl Returns {
    pub(crate) fn of(sig: &Signature) -> Self {
        let written = match &sig.output {
            ReturnType::Default => syn::parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        let (ty, way) = match (sig.asyncness, future(&written)) {
            (Some(_), _) => (written, Way::Async),
            (None, Some((ty, way))) => (ty, way),
            (None, None) => (written, Way::Sync),
        };
        let ends = match &sig.output {
            ReturnType::Default => Ends::at(sig.ident.span()),
            ReturnType::Type(..) => ends(&ty, way),
        };
        Self { ty, way, ends }
    }

    /// Where to point for the type of the value. An `.await` is shown at a single token, so where there is one all
    /// is: at the last name, as in `io::Result<User>`.
    pub(crate) fn ends(&self) -> Ends {
        self.ends
    }

    /// Whether the type is written as a `Result`, by whatever path.
    pub(crate) fn is_result(&self) -> bool {
        let Type::Path(path) = &self.ty else {
            return false;
        };
        path.path.segments.last().is_some_and(|last| {
            last.ident == "Result"
                && matches!(&last.arguments, PathArguments::AngleBracketed(arguments)
                    if arguments.args.iter().any(|it| matches!(it, GenericArgument::Type(_))))
        })
    }
}

fn ends(ty: &Type, way: Way) -> Ends {
    match (way, ty) {
        (Way::Sync, _) => Ends::of(ty),
        (_, Type::Path(path)) => match path.path.segments.last() {
            Some(last) => Ends::of(&last.ident),
            None => Ends::of(ty),
        },
        _ => Ends::at(Ends::of(ty).first),
    }
}

/// What the future gives, where the type is written as one.
fn future(ty: &Type) -> Option<(Type, Way)> {
    match ty {
        Type::ImplTrait(it) => Some((output(it.bounds.iter())?, Way::Future)),
        Type::Path(path) => {
            let boxed = inside(path.path.segments.last()?, "Pin")?;
            let Type::Path(boxed) = boxed else {
                return None;
            };
            match inside(boxed.path.segments.last()?, "Box")? {
                Type::TraitObject(it) => Some((output(it.bounds.iter())?, Way::Boxed)),
                _ => None,
            }
        }
        Type::Group(group) => future(&group.elem),
        Type::Paren(paren) => future(&paren.elem),
        _ => None,
    }
}

/// The `T` of `Name<T>`.
pub(crate) fn inside<'a>(segment: &'a syn::PathSegment, name: &str) -> Option<&'a Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match (segment.ident == name, arguments.args.last()?) {
        (true, GenericArgument::Type(ty)) => Some(ty),
        _ => None,
    }
}

/// The `T` of `Future<Output = T>`.
fn output<'a>(mut bounds: impl Iterator<Item = &'a TypeParamBound>) -> Option<Type> {
    bounds.find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last()?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        let is_future = last.ident == "Future";
        arguments.args.iter().find_map(|it| match it {
            GenericArgument::AssocType(AssocType { ident, ty, .. })
                if is_future && ident == "Output" =>
            {
                Some(ty.clone())
            }
            _ => None,
        })
    })
}

/// Why a value of this type cannot be cached, where its tokens tell.
pub(crate) fn refusal(returns: &Returns) -> Option<Error> {
    let tokens = returns.ty.to_token_stream();
    let why = if let Some(token) = find(&tokens, "impl") {
        let message =
            "a cached value needs a type with a name; write the type instead of `impl Trait`";
        return Some(Error::new(token.span(), message));
    } else if matches!(returns.ty, Type::Never(_)) {
        "a function that never returns has no value to cache"
    } else if is_future(&returns.ty)
        || find(&tokens, "dyn").is_some() && find(&tokens, "Future").is_some()
    {
        "a future cannot be cached, only what it gives; write an `async fn`, `impl Future<Output = T>` or \
         `Pin<Box<dyn Future<Output = T> + Send>>`"
    } else if borrows(&tokens) {
        "a cached value outlives the call, so it cannot borrow; return an owned value, such as a `String`, or \
         an `Arc`"
    } else {
        return None;
    };
    Some(Error::new_spanned(&returns.ty, why))
}

/// Whether a type bears the name of an alias for boxed futures.
fn is_future(ty: &Type) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident == "BoxFuture" || last.ident == "LocalBoxFuture")
}

/// Whether a reference or a lifetime other than `'static` is written in a type, outside of an array's length.
fn borrows(tokens: &TokenStream) -> bool {
    use proc_macro2::TokenTree;
    let mut after_quote = false;
    let is_semicolon =
        |token: &TokenTree| matches!(token, TokenTree::Punct(it) if it.as_char() == ';');
    let mut types = tokens
        .clone()
        .into_iter()
        .take_while(|token| !is_semicolon(token));
    types.any(|token| match token {
        TokenTree::Punct(punct) => {
            after_quote = punct.as_char() == '\'';
            punct.as_char() == '&'
        }
        TokenTree::Ident(name) => std::mem::take(&mut after_quote) && name != "static",
        TokenTree::Group(group) => borrows(&group.stream()),
        TokenTree::Literal(_) => false,
    })
}

/// The first time a name or keyword stands in the tokens.
pub(crate) fn find(tokens: &TokenStream, wanted: &str) -> Option<Ident> {
    use proc_macro2::TokenTree;
    tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(name) if name == wanted => Some(name),
        TokenTree::Group(group) => find(&group.stream(), wanted),
        _ => None,
    })
}
