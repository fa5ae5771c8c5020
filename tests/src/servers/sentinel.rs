//! A Redis primary and its replica, watched by sentinels.

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::folder::{folder, write};
use super::guardian::Orders;
use super::port::HeldPort;
use super::program::program;
use super::redis::{Redis, RedisBuilder};
use super::resp::{command, pong};
use super::server::{Failed, Server, on_a_free_port};
use super::wire::Address;

/// What the sentinels call their primary.
const NAME: &str = "primary";
/// How long they may take to find each other, and to fail over.
const LIMIT: Duration = Duration::from_secs(20);

/// Two Redis servers, of which one replicates the other, and the sentinels that tell which is the primary.
#[derive(Debug)]
pub struct RedisSentinel {
    redis: [Redis; 2],
    sentinels: Vec<Sentinel>,
    options: RedisBuilder,
}

/// One sentinel.
#[derive(Debug)]
pub struct Sentinel {
    server: Server,
    port: HeldPort,
}

impl RedisSentinel {
    /// Starts them without a password and with one sentinel.
    ///
    /// # Panics
    /// When they do not start.
    pub fn start() -> Self {
        Self::of(Redis::builder(), 1)
    }

    /// Starts them with servers like that, without TLS, and as many sentinels, and waits until all know all.
    ///
    /// # Panics
    /// When that is not so within 20 s.
    pub fn of(options: RedisBuilder, sentinels: usize) -> Self {
        let primary = options.clone().start();
        let replicates = format!("replicaof 127.0.0.1 {}", primary.port());
        let replica = options.clone().line(replicates).start();
        wait(&replica, "replicates", || {
            info(&replica).contains("master_link_status:up")
        });

        let start = |_| Sentinel::start(primary.port(), sentinels / 2 + 1, &options);
        let started = Self {
            sentinels: (0..sentinels).map(start).collect(),
            redis: [primary, replica],
            options: options.clone(),
        };
        started.wait("knows all", || {
            let mut all = started.sentinels.iter();
            all.all(|it| it.knows(1, sentinels - 1))
        });
        started
    }

    /// The name under which the sentinels know their primary.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// Both servers; the first was the primary at the start.
    pub fn servers(&self) -> &[Redis; 2] {
        &self.redis
    }

    /// All sentinels.
    pub fn sentinels(&self) -> &[Sentinel] {
        &self.sentinels
    }

    /// The server that all sentinels call the primary and that takes itself for one; none in the midst of a failover.
    pub fn primary(&self) -> Option<&Redis> {
        self.redis.iter().find(|redis| {
            let mut all = self.sentinels.iter();
            all.all(|it| it.primary() == Some(redis.port())) && info(redis).contains("role:master")
        })
    }

    /// Makes the sentinels fail over though the primary is well, and waits until the other server is the primary.
    ///
    /// # Panics
    /// When that is not so within 20 s.
    pub fn fail_over(&self) -> &Redis {
        let old = self.settled("knows a primary", |_| true).port();
        let sentinel = &self.sentinels[0];
        // It refuses while the last failover is not over.
        self.wait("begins to fail over", || {
            let answer = sentinel.command(&["SENTINEL", "FAILOVER", NAME]);
            answer.is_ok_and(|answer| answer.starts_with("+OK"))
        });
        self.wait_for_other_primary(old)
    }

    /// Waits until another server than the one with that port is the primary, which is when that one was killed or paused.
    ///
    /// # Panics
    /// When that is not so within 20 s.
    pub fn wait_for_other_primary(&self, old: u16) -> &Redis {
        self.settled("knows another primary", |it| it.port() != old)
    }

    fn settled(&self, what: &str, suits: impl Fn(&Redis) -> bool) -> &Redis {
        let mut found = None;
        self.wait(what, || {
            found = self.primary().filter(|it| suits(it));
            found.is_some()
        });
        found.expect("it was waited for")
    }

    fn wait(&self, what: &str, is_so: impl FnMut() -> bool) {
        wait(&self.sentinels[0], what, is_so);
    }

    /// `redis-sentinel://…` with the addresses of all sentinels, separated by commas, and the primary's name.
    pub fn dsn(&self) -> String {
        let addrs = self.sentinels.iter().map(|it| it.addr().to_string());
        let addrs = addrs.collect::<Vec<_>>().join(",");
        let credentials = self.options.credentials();
        format!("redis-sentinel://{credentials}{addrs}/{NAME}")
    }
}

impl Sentinel {
    fn start(primary: u16, quorum: usize, options: &RedisBuilder) -> Self {
        let lines = text(primary, quorum, options);
        let sentinel = on_a_free_port(|| Self::try_start(&lines));
        // Sentinels of old versions know no such command; all is slower then.
        let quick = [
            "SENTINEL",
            "DEBUG",
            "INFO-PERIOD",
            "100",
            "PUBLISH-PERIOD",
            "100",
        ];
        let _ = sentinel.command(&quick);
        sentinel
    }

    fn try_start(lines: &str) -> Result<Self, Failed> {
        let folder = folder("sentinel", None);
        let port = HeldPort::v4();
        let text = format!("port {}\n{lines}", port.port());
        let config = write(folder.path(), "sentinel.conf", &text, None);
        let server = program("redis-server", "redis-server").into();
        let orders = Orders {
            command: vec![server, config.into(), "--sentinel".into()],
            account: None,
            farewell: "",
        };
        let address = Address::Tcp(port.addr());
        let ping = move || pong(&command(&address, None, &["PING"])?);
        Ok(Self {
            server: Server::start("redis-sentinel", &orders, Signal::TERM, folder, ping)?,
            port,
        })
    }

    /// The address on the loopback.
    pub fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port.port()
    }

    /// The port of the primary, as this sentinel knows it.
    pub fn primary(&self) -> Option<u16> {
        let asked = self.command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]);
        asked.ok()?.lines().nth(4)?.parse().ok()
    }

    /// Sends one command and gives the answer as it comes.
    ///
    /// # Errors
    /// When there is none within half a second.
    pub fn command(&self, words: &[&str]) -> io::Result<String> {
        command(&self.addr().into(), None, words)
    }

    fn knows(&self, replicas: usize, sentinels: usize) -> bool {
        let info = self.command(&["INFO", "sentinel"]).unwrap_or_default();
        info.contains(&format!("slaves={replicas},sentinels={}", sentinels + 1))
    }
}

fn text(primary: u16, quorum: usize, options: &RedisBuilder) -> String {
    let mut lines = vec![
        "bind 127.0.0.1".to_owned(),
        format!("sentinel monitor {NAME} 127.0.0.1 {primary} {quorum}"),
        format!("sentinel down-after-milliseconds {NAME} 1000"),
        format!("sentinel failover-timeout {NAME} 3000"),
    ];
    if let Some(password) = options.required_password() {
        lines.push(format!("sentinel auth-pass {NAME} {password}"));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn info(redis: &Redis) -> String {
    redis.command(&["INFO", "replication"]).unwrap_or_default()
}

fn wait(server: &Server, what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(
            began.elapsed() < LIMIT,
            "it never {what}; its log ends:\n{}",
            server.log_tail()
        );
        thread::sleep(Duration::from_millis(5));
    }
}

impl Deref for Sentinel {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}
