//! A second connection that sends what it is told, bytes and all.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    Nothing,
    Text(String),
    Error(String),
    Number(i64),
    Bytes(Vec<u8>),
    Many(Vec<Reply>),
}

pub(crate) struct Raw(BufReader<TcpStream>);

impl Raw {
    pub(crate) fn to(addr: SocketAddr) -> Self {
        let stream = TcpStream::connect(addr).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn ask(&mut self, words: &[&[u8]]) -> Reply {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend(format!("${}\r\n", word.len()).into_bytes());
            request.extend(*word);
            request.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&request).unwrap();
        self.reply()
    }

    fn reply(&mut self) -> Reply {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let line = line.trim_end();
        let (sort, rest) = line.split_at(1);
        let number = || rest.parse::<i64>().unwrap();
        match sort {
            "+" => Reply::Text(rest.into()),
            "-" => Reply::Error(rest.into()),
            ":" => Reply::Number(number()),
            "*" => Reply::Many((0..number()).map(|_| self.reply()).collect()),
            "$" if number() < 0 => Reply::Nothing,
            "$" => {
                let mut bytes = vec![0; number() as usize + 2];
                self.0.read_exact(&mut bytes).unwrap();
                bytes.truncate(bytes.len() - 2);
                Reply::Bytes(bytes)
            }
            other => panic!("{other}"),
        }
    }

    pub(crate) fn get(&mut self, name: &str) -> Option<Vec<u8>> {
        match self.ask(&[b"GET", name.as_bytes()]) {
            Reply::Bytes(bytes) => Some(bytes),
            Reply::Nothing => None,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn set(&mut self, name: &str, bytes: &[u8]) {
        let reply = self.ask(&[b"SET", name.as_bytes(), bytes, b"KEEPTTL"]);
        assert_eq!(reply, Reply::Text("OK".into()));
    }

    pub(crate) fn number(&mut self, words: &[&[u8]]) -> i64 {
        match self.ask(words) {
            Reply::Number(number) => number,
            other => panic!("{other:?}"),
        }
    }

    /// The names of all keys that begin so.
    pub(crate) fn names(&mut self, prefix: &str) -> Vec<Vec<u8>> {
        let Reply::Many(names) = self.ask(&[b"KEYS", b"*"]) else {
            panic!("no list of keys");
        };
        let names = names.into_iter().filter_map(|name| match name {
            Reply::Bytes(name) => name.starts_with(prefix.as_bytes()).then_some(name),
            _ => None,
        });
        names.collect()
    }
}
