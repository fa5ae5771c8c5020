//! Why a value does not fit its type's shape.

use std::fmt;

/// Where and why what a value writes is not what its type reads; made by [`Traced::fit`](super::Traced::fit).
///
/// `Display` is one lowercase line with the path and the reason, such as
/// `at .address.zip: written as string, read as u32`. It names fields, variants and kinds, never a value, except
/// where the value's own `Serialize` fails with a message that does.
#[derive(Clone, PartialEq, Eq)]
pub struct Misfit(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    path: String,
    reason: String,
}

impl Misfit {
    /// A misfit at the place itself.
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            path: String::new(),
            reason: reason.into(),
        }))
    }

    /// Seen from one step further out.
    pub(super) fn beneath(mut self, step: impl fmt::Display) -> Self {
        self.0.path.insert_str(0, &step.to_string());
        self
    }

    /// Where it is, as in `.address.zip` or `[2]::Circle.radius`; empty for the value itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Why it does not fit, in one lowercase clause.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "at {}: ", self.0.path)?;
        }
        f.write_str(&self.0.reason)
    }
}

impl fmt::Debug for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Misfit").field(&self.to_string()).finish()
    }
}

impl std::error::Error for Misfit {}

impl serde::ser::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}
