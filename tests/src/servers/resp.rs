//! Asking a Redis server one thing.

use std::io;

use super::PING;
use super::wire::{Address, ask};

/// Whether an answer is that to a ping.
pub(super) fn pong(answer: &str) -> io::Result<()> {
    match answer.starts_with("+PONG") {
        true => Ok(()),
        false => Err(io::Error::other(answer.to_owned())),
    }
}

/// Asks a Redis server one thing, after the password; gives the answer as it comes over the wire.
pub(super) fn command(
    address: &Address,
    password: Option<&str>,
    words: &[&str],
) -> io::Result<String> {
    let mut request = Vec::new();
    if let Some(password) = password {
        request.extend(encode(&["AUTH", password]));
    }
    request.extend(encode(words));
    // A word that comes back as it went marks the end, whatever the answer's shape is.
    request.extend(encode(&["PING", END]));
    let mark = format!("${}\r\n{END}\r\n", END.len());
    let answer = ask(address, &request, PING, |answer| {
        refused(answer) || answer.ends_with(mark.as_bytes())
    })?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let answer = answer.strip_suffix(&mark).unwrap_or(&answer);
    let answer = match password {
        Some(_) => answer.strip_prefix("+OK\r\n").unwrap_or(answer),
        None => answer,
    };
    Ok(answer.to_owned())
}

const END: &str = "end-of-answer";

/// A server that is loading, or wants a password, refuses the mark as well: two errors end the answer.
fn refused(answer: &[u8]) -> bool {
    let lines = answer.split(|byte| *byte == b'\n');
    lines.filter(|line| line.starts_with(b"-")).count() >= 2
}

fn encode(words: &[&str]) -> Vec<u8> {
    let mut encoded = format!("*{}\r\n", words.len());
    for word in words {
        encoded.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    encoded.into_bytes()
}
