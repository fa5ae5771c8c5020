//! What the disk refused, and what to do about it.

use std::io;
use std::path::Path;

use crate::error::{Error, ErrorKind};
use crate::runtime::PoolFull;

/// The error of an operation that the disk refused; the `io::Error` is its source.
pub(super) fn refused(path: &Path, error: io::Error) -> Error {
    let path = path.display();
    let message = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            format!("no room for `{path}`: free some, or bound the store by `max_bytes`")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            format!("`{path}` is on a read-only disk: mount it writable, or change `directory`")
        }
        io::ErrorKind::PermissionDenied => {
            format!("no permission for `{path}`: give it to this user, or change `directory`")
        }
        io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::DirectoryNotEmpty
        | io::ErrorKind::AlreadyExists => {
            format!("something that is no entry is in the way of `{path}`: move it elsewhere")
        }
        _ => format!("the disk refused `{path}`: see the source of this error"),
    };
    Error::new(ErrorKind::Unavailable, message).with_source(error)
}

/// The directory of the configuration cannot be used.
pub(super) fn no_directory(directory: &Path, error: io::Error) -> Error {
    let path = directory.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => Error::new(
            ErrorKind::Config,
            format!("directory `{path}` is or lies under a file: name a folder"),
        )
        .with_source(error),
        _ => refused(directory, error),
    }
}

/// The entry alone is larger than everything may be.
pub(super) fn too_large(bytes: usize, most: u64) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("the entry takes {bytes} bytes, too much for max_bytes = {most}"),
    )
}

/// The pool for file I/O has no room.
pub(super) fn busy(full: PoolFull) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the disk does not keep up, too many operations wait for it",
    )
    .with_source(full)
}

/// The job ended without a result: the only code in it that is not ours is that of the value.
pub(super) fn panicked() -> Error {
    Error::new(
        ErrorKind::Serialization,
        "panicked, most likely in the value's own `Serialize` or `Deserialize`; the panic's message says where",
    )
}

/// Nothing is there, or it is nothing that could hold an entry.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Goes through all of them, whatever becomes of one, and answers with the first error.
pub(super) fn first_error<E>(results: impl IntoIterator<Item = Result<(), E>>) -> Result<(), E> {
    let mut first = Ok(());
    for result in results {
        first = first.and(result);
    }
    first
}
