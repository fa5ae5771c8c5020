//! What the client or the server refused: what it means, and whether trying again helps.
//!
//! Nothing of the client's errors is passed on as it is: a server's error may carry a row's values in its details, and
//! one of the password's preparation a letter of it.

use std::io;
use std::time::Duration;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::error::{Error, ErrorKind};

/// What may help after a failure. Each is tried once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The server closed the connection while it was idle, so it never ran the request. All of them repeat harmlessly.
    Reconnect,
    /// Another writer was in the way.
    Again,
    /// The table is gone, or another.
    MakeTable,
}

/// Whether the connection can take no more requests.
pub(super) fn is_broken(error: &sqlx::Error) -> bool {
    match server_error(error) {
        Some(refusal) => is_fatal(refusal) || is_unprepared(refusal) || is_outdated(refusal),
        None => true,
    }
}

/// What to try after a failure on a connection that was `reused`, or made for this request.
pub(super) fn remedy(error: &sqlx::Error, reused: bool) -> Option<Remedy> {
    let Some(refusal) = server_error(error) else {
        let lost = matches!(error, sqlx::Error::Io(_));
        return (lost && reused).then_some(Remedy::Reconnect);
    };
    if is_fatal(refusal) || is_unprepared(refusal) {
        return reused.then_some(Remedy::Reconnect);
    }
    if is_outdated(refusal) {
        return Some(Remedy::MakeTable);
    }
    match refusal.code() {
        // Serialization failure, deadlock.
        "40001" | "40P01" => Some(Remedy::Again),
        // No such table, schema, column, function or unique index, another type.
        "42P01" | "3F000" | "42703" | "42883" | "42P10" | "42804" => Some(Remedy::MakeTable),
        _ => None,
    }
}

/// Whether somebody else made the table at the same time.
pub(super) fn is_made_already(error: &sqlx::Error) -> bool {
    // A table, a type or an index of that name; the unique index of a catalogue when both were not committed.
    matches!(
        server_error(error).map(PgDatabaseError::code),
        Some("42P07" | "42710" | "23505")
    )
}

fn server_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref())
}

fn is_fatal(refusal: &PgDatabaseError) -> bool {
    matches!(refusal.severity(), PgSeverity::Fatal | PgSeverity::Panic)
}

/// What was prepared is not there any more: a pooler gave us another session.
fn is_unprepared(refusal: &PgDatabaseError) -> bool {
    matches!(refusal.code(), "26000" | "42P05")
}

/// What was prepared does not fit the table any more. The message is in the server's language, its place is not.
fn is_outdated(refusal: &PgDatabaseError) -> bool {
    refusal.code() == "0A000" && refusal.routine() == Some("RevalidateCachedQuery")
}

/// The error of a request.
pub(super) fn refused(error: sqlx::Error) -> Error {
    if let Some(refusal) = server_error(&error) {
        return refused_by_server(refusal);
    }
    match error {
        sqlx::Error::Io(error) => unreachable(error),
        sqlx::Error::Tls(error) => Error::new(
            ErrorKind::Config,
            format!("no encrypted connection: {error}; see the sslmode of dsn"),
        ),
        sqlx::Error::Protocol(_) => Error::new(
            ErrorKind::Unavailable,
            "the server's answer is not understood; is it PostgreSQL?",
        ),
        sqlx::Error::Configuration(_) => Error::new(
            ErrorKind::Config,
            "the user, the password or a certificate of dsn cannot be used",
        ),
        sqlx::Error::Encode(_) => Error::new(
            ErrorKind::TooLarge,
            "the request is larger than PostgreSQL takes",
        ),
        _ => Error::new(
            ErrorKind::Unavailable,
            "the server's answer is another than was asked for",
        ),
    }
}

fn unreachable(error: io::Error) -> Error {
    let (kind, message) = match error.kind() {
        // What a certificate that is not accepted looks like.
        io::ErrorKind::InvalidData => (
            ErrorKind::Config,
            "no encrypted connection; see the source of this error, and the sslmode of dsn",
        ),
        io::ErrorKind::ConnectionRefused => (
            ErrorKind::Unavailable,
            "the server refuses connections: nothing listens at the address of dsn",
        ),
        io::ErrorKind::NotFound => (
            ErrorKind::Unavailable,
            "the server's socket, or a file that dsn names, is not there",
        ),
        _ => (
            ErrorKind::Unavailable,
            "the connection to the server failed; see the source of this error",
        ),
    };
    Error::new(kind, message).with_source(error)
}

fn refused_by_server(refusal: &PgDatabaseError) -> Error {
    let (code, says) = (refusal.code(), refusal.message());
    let (kind, advice) = match code {
        "28P01" | "28000" => (ErrorKind::Config, "; see user and password of dsn"),
        "3D000" => (ErrorKind::Config, "; see the database of dsn"),
        "3F000" => (
            ErrorKind::Config,
            "; make the schema, or name another in `table`",
        ),
        "26000" | "42P05" => (
            ErrorKind::Config,
            "; is there a pooler between? set `pgbouncer`",
        ),
        "08P01" if says.contains("startup parameter") => (
            ErrorKind::Config,
            "; is there a pooler between? set `pgbouncer`",
        ),
        "57014" => (ErrorKind::Timeout, ""),
        "54000" => (ErrorKind::TooLarge, ""),
        "42501" => (
            ErrorKind::Unavailable,
            "; grant select, insert, update and delete on the table, and create where it is to be made",
        ),
        "25006" => (
            ErrorKind::Unavailable,
            "; the server, or its default, is read-only",
        ),
        _ => (ErrorKind::Unavailable, ""),
    };
    Error::new(kind, format!("the server says: {says} ({code}){advice}"))
}

/// No connection came free, or none could be opened, in time.
pub(super) fn no_connection(within: Duration, max: usize) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!(
            "no connection within {within:?}: the server does not answer, or all {max} of max_pool_size are in use"
        ),
    )
}

/// The backend was closed while something waited.
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "this backend was closed")
}

/// What is under the name of the table is not ours.
pub(super) fn another_table(table: &impl std::fmt::Display, there: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        format!(
            "{table} is not a table of this store: there is {there}, expected are the columns namespace text, key text, \
             entry bytea, expires_at timestamp with time zone, and a primary key or unique index on (namespace, key); \
             name another in `table`, or drop it"
        ),
    )
}

/// The entry is larger than a value of PostgreSQL can be.
pub(super) fn too_large(bytes: usize, most: usize) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("takes {bytes} bytes, a value in PostgreSQL at most {most}"),
    )
}

/// A task of the library's own ended without a result.
pub(super) fn lost() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the operation ended without an answer",
    )
}
