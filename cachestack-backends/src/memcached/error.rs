//! What servers and connections refuse, and what to do about it.

use std::io;

use super::address::Address;
use crate::error::{Error, ErrorKind};

/// Why a turn failed. The connection is closed then.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The connection broke.
    Broken(io::Error),
    /// The server says what nobody asked for: an error, with its words, or nothing that can be understood.
    Unexpected(Option<String>),
}

impl Trouble {
    /// A line that should not be there. It is repeated only where it is an error of the protocol: any other
    /// may be a value, or a key.
    pub(super) fn unexpected(line: &[u8]) -> Self {
        let line = String::from_utf8_lossy(line);
        let errors = ["ERROR", "CLIENT_ERROR", "SERVER_ERROR"];
        let is_error = |line: &str| errors.contains(&line.split(' ').next().unwrap_or_default());
        let words: String = line.trim_end().chars().take(100).collect();
        let readable = !words.contains(char::is_control);
        Self::Unexpected(Some(words).filter(|words| readable && is_error(words)))
    }

    /// Whether the server closed the connection.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Broken(error) if matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::NotConnected
                | io::ErrorKind::WriteZero
        ))
    }

    pub(super) fn at(self, server: &Address) -> Error {
        match self {
            Self::Broken(error) => {
                let message = format!("the connection to `{server}` broke");
                Error::new(ErrorKind::Unavailable, message).with_source(error)
            }
            Self::Unexpected(Some(words)) if words.contains("unauthenticated") => {
                let message = format!(
                    "`{server}` wants a password (`{words}`), which this store cannot give: start it without -Y and -S"
                );
                Error::new(ErrorKind::Config, message)
            }
            Self::Unexpected(Some(words)) => {
                let message = format!("`{server}` answered `{words}`");
                Error::new(ErrorKind::Unavailable, message)
            }
            Self::Unexpected(None) => {
                let message = format!("`{server}` does not answer as a Memcached server does");
                Error::new(ErrorKind::Unavailable, message)
            }
        }
    }

    /// Whether what answers is no server of ours to use: another program, or one that wants a password.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Broken(_) => false,
            Self::Unexpected(None) => true,
            // A busy server is none that refuses us.
            Self::Unexpected(Some(words)) => words == "ERROR" || words.starts_with("CLIENT_ERROR"),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// No connection can be made.
pub(super) fn unreachable(server: &Address, error: io::Error) -> Error {
    let message = format!("`{server}` cannot be reached");
    Error::new(ErrorKind::Unavailable, message).with_source(error)
}

/// It did not answer just now.
pub(super) fn silent(server: &Address) -> Error {
    let message = format!("`{server}` did not answer a moment ago, and is not asked");
    Error::new(ErrorKind::Unavailable, message)
}

/// Making a connection takes too long.
pub(super) fn connects_slowly(server: &Address, limit: std::time::Duration) -> Error {
    let message = format!("no connection to `{server}` within {limit:?}");
    Error::new(ErrorKind::Timeout, message)
}

/// The entry is longer than the settings allow.
pub(super) fn too_large(bytes: usize, most: usize) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!(
            "the entry takes {bytes} bytes of max_item_bytes = {most}; raise it here and on the servers (-I)"
        ),
    )
}

/// The server does not keep so much in one item.
pub(super) fn too_large_for(server: &Address, bytes: usize) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("`{server}` keeps no entry of {bytes} bytes; raise its limit (-I)"),
    )
}

/// The server has no room and evicts nothing.
pub(super) fn full(server: &Address) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("`{server}` is full; give it more memory (-m), or let it evict (no -M)"),
    )
}

/// A namespace is cleared, or its generation evicted, again and again while entries are stored.
pub(super) fn unsettled(server: &Address) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("`{server}` does not keep the generation of the namespace long enough"),
    )
}

/// A part of an operation on several servers ended without a result.
pub(super) fn lost(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "a part of the operation ended without an answer",
    )
    .with_source(error)
}
