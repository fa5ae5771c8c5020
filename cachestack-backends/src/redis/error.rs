//! What the client or the server says, as errors of ours.
//!
//! Nothing they say is passed on as it is: a server repeats arguments in its errors, which may be a password (an old one,
//! that does not know `HELLO`), a key or a value.

use fred::error::{Error as Refusal, ErrorKind as Sort};

use crate::error::{Error, ErrorKind};
use crate::network::Dsn;

/// Why there is no connection.
pub(super) fn no_connection(dsn: &Dsn, refusal: &Refusal) -> Error {
    let (kind, why) = reason(refusal);
    let kind = match kind {
        // Nothing was asked yet that could be too large or unsupported.
        ErrorKind::Config | ErrorKind::Timeout => kind,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("no connection to {dsn}: {why}"))
}

/// Why a command failed.
pub(super) fn refused(refusal: &Refusal) -> Error {
    let (kind, why) = reason(refusal);
    Error::new(kind, why)
}

/// There is something under the key, but no string.
pub(super) fn is_of_another_type(refusal: &Refusal) -> bool {
    code(refusal) == Some("WRONGTYPE")
}

/// The server takes no writes any more: it is not the primary now.
pub(super) fn is_of_another_role(refusal: &Refusal) -> bool {
    matches!(code(refusal), Some("READONLY" | "MASTERDOWN"))
}

/// A node of a cluster sent the command elsewhere. It did nothing, and the client has since learnt where the slots are.
pub(super) fn is_redirection(refusal: &Refusal) -> bool {
    *refusal.kind() == Sort::Routing && refusal.details().starts_with("Too many redirections")
}

fn reason(refusal: &Refusal) -> (ErrorKind, String) {
    if let Some(code) = code(refusal) {
        return answer(code, refusal.details());
    }
    match refusal.kind() {
        Sort::Timeout => (ErrorKind::Timeout, "it does not answer in time".into()),
        Sort::IO | Sort::Tls => transport(refusal.details()),
        Sort::Backpressure => (
            ErrorKind::Unavailable,
            "too many commands wait to be sent".into(),
        ),
        Sort::Sentinel if refusal.details().starts_with("Missing primary") => (
            ErrorKind::Config,
            "the sentinels know no primary of the name in dsn".into(),
        ),
        Sort::Sentinel => (
            ErrorKind::Unavailable,
            "no sentinel leads to the primary".into(),
        ),
        Sort::Cluster | Sort::Routing => (
            ErrorKind::Unavailable,
            "no node of the cluster takes it now".into(),
        ),
        Sort::Protocol | Sort::Parse => (
            ErrorKind::Unavailable,
            "it does not answer as Redis does".into(),
        ),
        _ => (ErrorKind::Unavailable, "the connection was lost".into()),
    }
}

/// The word in capitals that an error of a server begins with; the client's own have none.
fn code(refusal: &Refusal) -> Option<&str> {
    let word = refusal.details().split_whitespace().next()?;
    let is_code = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    is_code.then_some(word)
}

/// What the server answered, in words of ours where they are known.
fn answer(code: &str, text: &str) -> (ErrorKind, String) {
    let (kind, why) = match code {
        "WRONGPASS" => (
            ErrorKind::Config,
            "it refuses the user or the password of dsn",
        ),
        "NOAUTH" => (ErrorKind::Config, "it wants a password, and dsn has none"),
        "NOPERM" => (
            ErrorKind::Config,
            "the user may not do this; PTTL, GET, SET, UNLINK, EXISTS and SCAN are needed, on all keys of the namespace",
        ),
        "MOVED" | "ASK" => (
            ErrorKind::Config,
            "it is a node of a cluster; dsn must begin with redis-cluster:// or rediss-cluster://",
        ),
        "OOM" => (
            ErrorKind::Unavailable,
            "its memory is full, and its maxmemory-policy frees none",
        ),
        "READONLY" | "MASTERDOWN" => (
            ErrorKind::Unavailable,
            "it is a replica, which takes no writes",
        ),
        "LOADING" => (ErrorKind::Unavailable, "it is still loading its data"),
        "BUSY" => (ErrorKind::Unavailable, "a script keeps it busy"),
        "CLUSTERDOWN" => (
            ErrorKind::Unavailable,
            "the cluster is down: not all slots are served",
        ),
        "TRYAGAIN" => (
            ErrorKind::Unavailable,
            "the slot is on its way to another node",
        ),
        "MISCONF" => (
            ErrorKind::Unavailable,
            "it cannot save to disk, and takes no writes",
        ),
        "NOPROTO" => (
            ErrorKind::Config,
            "it does not speak RESP3; Redis 6 or later is needed",
        ),
        "ERR" => return general(text),
        _ => return (ErrorKind::Unavailable, format!("it answered {code}")),
    };
    (kind, why.into())
}

fn general(text: &str) -> (ErrorKind, String) {
    let (kind, why) = match text {
        _ if text.contains("DB index is out of range") || text.contains("invalid DB index") => {
            (ErrorKind::Config, "it has no database of that number")
        }
        _ if text.contains("cluster support disabled") => (
            ErrorKind::Config,
            "it is not a cluster; dsn must begin with redis:// or rediss://",
        ),
        _ if text.contains("without any password configured") => {
            (ErrorKind::Config, "it has no password, and dsn has one")
        }
        _ if text.contains("unknown command") && text.contains("HELLO") => (
            ErrorKind::Config,
            "it does not know HELLO; Redis 6 or later is needed",
        ),
        _ if text.contains("max number of clients") => {
            (ErrorKind::Unavailable, "it has as many clients as it takes")
        }
        // Whatever was quoted, or follows a colon, may be an argument.
        _ => {
            let said = text
                .split(['\'', '`', '"', ':', ',', '<', '('])
                .next()
                .unwrap_or(text);
            return (
                ErrorKind::Unavailable,
                format!("it answered `{}`", said.trim_end()),
            );
        }
    };
    (kind, why.into())
}

/// What became of the connection, from the client's text of the system's or the TLS library's error.
fn transport(text: &str) -> (ErrorKind, String) {
    let why = match text {
        _ if text.contains("UnknownIssuer") || text.contains("BadSignature") => {
            "its certificate comes from no authority that is trusted; see tls_roots"
        }
        _ if text.contains("NotValidForName") => {
            "its certificate is for another name than that in dsn"
        }
        _ if text.contains("Expired") => "its certificate has expired",
        _ if text.contains("InvalidCertificate") => "its certificate is not valid",
        _ if text.contains("InvalidContentType") => {
            "it does not speak TLS; dsn must begin with redis, not rediss"
        }
        _ => return (ErrorKind::Unavailable, unreachable(text).into()),
    };
    (ErrorKind::Config, why.into())
}

fn unreachable(text: &str) -> &'static str {
    match text {
        _ if text.contains("ConnectionRefused") => "nobody listens there",
        _ if text.contains("NotFound") => "there is no such socket",
        _ if text.contains("PermissionDenied") => "this user may not connect to it",
        _ if text.contains("lookup address") || text.contains("resolve") => "the name is not known",
        _ if text.contains("HostUnreachable") || text.contains("NetworkUnreachable") => {
            "there is no way to it"
        }
        _ => "the connection was lost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_of_a_command_is_repeated() {
        for text in [
            "ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `hunter2`, ",
            "ERR unknown command 'UNLINK', with args beginning with: 'hunter2' ",
            "ERR something about hunter2's: hunter2"
                .replace("about hunter2's", "else")
                .as_str(),
            "NOPERM this user has no permissions to access the 'hunter2' key",
            "WRONGPASS hunter2",
            "HUNTER is no code we know, hunter2",
        ] {
            let refusal = Refusal::new(Sort::Unknown, text.to_owned());
            let error = format!(
                "{:?}",
                no_connection(&Dsn::from("redis://u:hunter2@h"), &refusal)
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn each_failure_has_its_kind() {
        for (sort, text, kind) in [
            (
                Sort::Auth,
                "WRONGPASS invalid username-password pair",
                ErrorKind::Config,
            ),
            (
                Sort::Sentinel,
                "NOAUTH Authentication required.",
                ErrorKind::Config,
            ),
            (
                Sort::Unknown,
                "ERR DB index is out of range",
                ErrorKind::Config,
            ),
            (
                Sort::Unknown,
                "OOM command not allowed when used memory > 'maxmemory'.",
                ErrorKind::Unavailable,
            ),
            (Sort::Timeout, "Request timed out.", ErrorKind::Timeout),
            (
                Sort::IO,
                "Os { code: 111, kind: ConnectionRefused }",
                ErrorKind::Unavailable,
            ),
            (
                Sort::IO,
                "Custom { error: InvalidCertificate(UnknownIssuer) }",
                ErrorKind::Config,
            ),
            (Sort::Canceled, "Canceled.", ErrorKind::Unavailable),
        ] {
            let error = refused(&Refusal::new(sort, text));
            assert_eq!(error.kind(), kind, "{text}: {error}");
        }
    }
}
