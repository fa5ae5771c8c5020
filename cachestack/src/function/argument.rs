//! What a key is made of.

use serde::Serialize;

/// An argument that can be a part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key",
    label = "not `Serialize`",
    note = "derive `serde::Serialize` on it, or leave the argument out of the key with `#[cached(skip)]`"
)]
pub trait KeyArgument: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> KeyArgument for T {}

/// A `self` that can be a part of a key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a key",
    label = "not `Serialize`",
    note = "derive `serde::Serialize` on it, name the part of it that matters, as in `key = \"{{self.tenant}}:{{id}}\"`, \
            or leave it out with `skip(self)`"
)]
pub trait KeySelf: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> KeySelf for T {}
