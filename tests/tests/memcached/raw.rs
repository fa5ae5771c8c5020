//! A connection that speaks the protocol by itself, to see and change what is on a server.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use cachestack::{Key, Namespace};
use cachestack_tests::servers::Memcached;

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

pub(crate) struct Raw(BufReader<Box<dyn Stream>>);

impl Raw {
    pub(crate) fn to(server: &Memcached) -> Self {
        const LIMIT: Option<Duration> = Some(Duration::from_secs(10));
        let stream: Box<dyn Stream> = match server.socket() {
            Some(path) => {
                let stream = UnixStream::connect(path).unwrap();
                stream.set_read_timeout(LIMIT).unwrap();
                Box::new(stream)
            }
            None => {
                let stream = TcpStream::connect(server.addr()).unwrap();
                stream.set_read_timeout(LIMIT).unwrap();
                Box::new(stream)
            }
        };
        Self(BufReader::new(stream))
    }

    fn say(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// One command of one line, and the line that answers it.
    pub(crate) fn ask(&mut self, command: &str) -> String {
        self.say(format!("{command}\r\n").as_bytes());
        self.line()
    }

    pub(crate) fn get(&mut self, name: &str) -> Option<Vec<u8>> {
        let header = self.ask(&format!("get {name}"));
        if header == "END" {
            return None;
        }
        let length = header.rsplit(' ').next().unwrap().parse().unwrap();
        let mut value: Vec<u8> = vec![0; length];
        self.0.read_exact(&mut value).unwrap();
        assert_eq!((self.line(), self.line()), (String::new(), "END".into()));
        Some(value)
    }

    pub(crate) fn set(&mut self, name: &str, value: &[u8]) -> String {
        self.say(format!("set {name} 0 0 {}\r\n", value.len()).as_bytes());
        self.say(value);
        self.say(b"\r\n");
        self.line()
    }

    pub(crate) fn delete(&mut self, name: &str) -> bool {
        self.ask(&format!("delete {name}")) == "DELETED"
    }

    pub(crate) fn stats(&mut self, of: &str) -> HashMap<String, String> {
        let mut stats = HashMap::new();
        let mut line = self.ask(format!("stats {of}").trim_end());
        while line != "END" {
            let mut words = line.splitn(3, ' ').skip(1).map(str::to_owned);
            stats.insert(words.next().unwrap(), words.next().unwrap_or_default());
            line = self.line();
        }
        stats
    }

    /// A number among the general statistics.
    pub(crate) fn counted(&mut self, what: &str) -> u64 {
        self.stats("")[what].parse().unwrap()
    }

    /// For how many seconds the server will still keep it.
    pub(crate) fn seconds_left(&mut self, name: &str) -> i64 {
        let answer = self.ask(&format!("mg {name} t"));
        let left = answer.strip_prefix("HD t").unwrap_or("nothing is there");
        left.parse().unwrap()
    }
}

/// What the entry of a key is called on the server.
pub(crate) fn name_of(backend: &str, key: &Key) -> String {
    let key = key.within(&Namespace::new(backend));
    let stored = key.stored();
    if stored.len() <= 200 && stored.bytes().all(|byte| byte.is_ascii_graphic()) {
        return stored;
    }
    let digest = key.stable_digest();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("%~{hex}")
}

/// What the number of a namespace is called.
pub(crate) fn generation_of(backend: &str, namespace: &str) -> String {
    let joined = Namespace::new(backend).join(&Namespace::new(namespace));
    format!("%generation/{}", joined.prefix().trim_end_matches('/'))
}
