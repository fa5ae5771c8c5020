//! The one error type: what kind, where, under which key, and why.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use crate::key::KeyDigest;

/// What [`Backend`](crate::Backend) operations return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The sort of failure, for code that decides what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store cannot be reached or refuses to work: no connection, a full disk, a missing permission.
    Unavailable,
    /// The store did not answer within its deadline.
    Timeout,
    /// The value cannot be written by the configured codec, or a key cannot be written at all.
    Serialization,
    /// A setting or an argument is wrong; the message says what is allowed.
    Config,
    /// The value is larger than the store keeps.
    TooLarge,
    /// The cache or backend was closed.
    Closed,
    /// The store cannot do what was asked.
    Unsupported,
}

impl ErrorKind {
    fn words(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Serialization => "serialization failed",
            Self::Config => "wrong configuration",
            Self::TooLarge => "too large",
            Self::Closed => "closed",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// What was being done when an [`Error`] happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Opening or building a backend.
    Open,
    /// Reading an entry.
    Get,
    /// Writing an entry.
    Set,
    /// Deleting an entry.
    Delete,
    /// Asking whether an entry is there.
    Exists,
    /// Deleting a namespace.
    Clear,
    /// Freeing expired entries.
    Purge,
    /// Asking for the time left.
    Ttl,
    /// Counting.
    Stats,
    /// Writing a key.
    Key,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Get => "get",
            Self::Set => "set",
            Self::Delete => "delete",
            Self::Exists => "exists",
            Self::Clear => "clear",
            Self::Purge => "purge",
            Self::Ttl => "ttl",
            Self::Stats => "stats",
            Self::Key => "key",
        })
    }
}

/// Why a cache operation failed.
///
/// One word wide and cheap to clone. `Display` is one line without the source; walk
/// [`source`](StdError::source) for the cause. No message holds a value or a password, and a key
/// shows only as a digest.
///
/// ```
/// use cachestack_backends::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Config, "max_entries must be at least 1");
/// assert_eq!(error.kind(), ErrorKind::Config);
/// assert!(!error.is_retryable());
/// assert_eq!(error.to_string(), "wrong configuration: max_entries must be at least 1");
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    backend: Option<Cow<'static, str>>,
    operation: Option<Operation>,
    key: Option<KeyDigest>,
    unreachable: bool,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with one lowercase line that says what is wrong and what to do.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            backend: None,
            operation: None,
            key: None,
            unreachable: false,
            source: None,
        }))
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = Arc::from(source.into());
        self.edit(|inner| inner.source = Some(source))
    }

    /// The same error with the place it happened at. What an inner layer already said is kept.
    #[must_use]
    pub fn at(self, backend: impl Into<Cow<'static, str>>, operation: Operation) -> Self {
        let backend = backend.into();
        self.edit(|inner| {
            inner.backend.get_or_insert(backend);
            inner.operation.get_or_insert(operation);
        })
    }

    /// The same error with the key it is about, of which only the digest is kept.
    #[must_use]
    pub fn about(self, key: KeyDigest) -> Self {
        self.edit(|inner| {
            inner.key.get_or_insert(key);
        })
    }

    /// The same error, of an operation that certainly never began, because there was no connection to begin
    /// it on. A stack then asks that layer no more until it answers again.
    #[must_use]
    pub fn unreachable(self) -> Self {
        self.edit(|inner| inner.unreachable = true)
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The sort of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later without a change: the store was away or slow.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
    }

    /// Whether the operation never began for want of a connection; see [`unreachable`](Self::unreachable).
    pub fn is_unreachable(&self) -> bool {
        self.0.unreachable
    }

    /// The same error as one of several layers', which says nothing of all of them.
    #[must_use]
    pub(crate) fn of_a_layer(self) -> Self {
        self.edit(|inner| inner.unreachable = false)
    }

    /// Whether the operation may have taken effect all the same, or may yet: it was under way when the
    /// store was given up.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.is_retryable() && !self.0.unreachable
    }

    /// The name of the backend that failed, when one did.
    pub fn backend(&self) -> Option<&str> {
        self.0.backend.as_deref()
    }

    /// What was being done.
    pub fn operation(&self) -> Option<Operation> {
        self.0.operation
    }

    /// The digest of the key the operation was about.
    pub fn key(&self) -> Option<KeyDigest> {
        self.0.key
    }

    /// The line that says what is wrong, without kind and place.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(backend) = &self.0.backend {
            write!(f, "{backend} ")?;
        }
        if let Some(operation) = self.0.operation {
            write!(f, "{operation} ")?;
        }
        if let Some(key) = self.0.key {
            write!(f, "(key {key}) ")?;
        }
        write!(f, "{}: {}", self.0.kind, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("backend", &self.0.backend)
            .field("operation", &self.0.operation)
            .field("key", &self.0.key)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
