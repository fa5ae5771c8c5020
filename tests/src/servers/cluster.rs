//! A Redis Cluster.

use std::thread;
use std::time::{Duration, Instant};

use super::port::HeldPort;
use super::redis::{Redis, RedisBuilder};

/// How many primaries there are.
const NODES: usize = 3;
/// All slots of a cluster.
const SLOTS: usize = 16_384;
/// How long the nodes may take to agree.
const LIMIT: Duration = Duration::from_secs(20);

/// Three primaries on the loopback that share the slots, without replicas.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
    options: RedisBuilder,
    _bus: Vec<HeldPort>,
}

impl RedisCluster {
    /// Starts one without a password.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start() -> Self {
        Self::of(Redis::builder())
    }

    /// Starts one whose nodes are like that, without TLS, and waits until all of them find the cluster whole.
    ///
    /// # Panics
    /// When they do not within 20 s.
    pub fn of(options: RedisBuilder) -> Self {
        let bus: Vec<HeldPort> = (0..NODES).map(|_| HeldPort::v4()).collect();
        let nodes = bus.iter().map(|bus| {
            let node = options.clone().line("cluster-enabled yes");
            let node = node.line(format!("cluster-port {}", bus.port()));
            node.line("cluster-node-timeout 2000").start()
        });
        let cluster = Self {
            nodes: nodes.collect(),
            options: options.clone(),
            _bus: bus,
        };
        cluster.meet();
        cluster.wait_until_whole();
        cluster
    }

    fn meet(&self) {
        for (index, node) in self.nodes.iter().enumerate() {
            let [first, end] = [index, index + 1].map(|it| it * SLOTS / NODES);
            let (first, last) = (first.to_string(), (end - 1).to_string());
            // Nodes that start with the same epoch would first have to settle whose is later.
            ok(node, &["SET-CONFIG-EPOCH", &(index + 1).to_string()]);
            ok(node, &["ADDSLOTSRANGE", &first, &last]);
        }
        let (first, others) = self.nodes.split_at(1);
        for (other, bus) in others.iter().zip(&self._bus[1..]) {
            let [port, bus] = [other.port(), bus.port()].map(|it| it.to_string());
            ok(&first[0], &["MEET", "127.0.0.1", &port, &bus]);
        }
    }

    /// Waits until each node knows all others and all slots are served. Redis serves none for its first two seconds.
    ///
    /// # Panics
    /// When that is not so within 20 s.
    pub fn wait_until_whole(&self) {
        let whole = |node: &Redis| {
            let info = node.command(&["CLUSTER", "INFO"]).unwrap_or_default();
            let knows_all = format!("cluster_known_nodes:{NODES}\r\n");
            info.contains("cluster_state:ok") && info.contains(&knows_all)
        };
        let began = Instant::now();
        while !self.nodes.iter().all(whole) {
            assert!(
                began.elapsed() < LIMIT,
                "the cluster is not whole:\n{}",
                self.nodes[0].log_tail()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The primaries. The first has the lowest slots.
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// `redis-cluster://…` with the addresses of all nodes, separated by commas.
    pub fn dsn(&self) -> String {
        let addrs = self.nodes.iter().map(|node| node.addr().to_string());
        let addrs = addrs.collect::<Vec<_>>().join(",");
        format!("redis-cluster://{}{addrs}", self.options.credentials())
    }
}

fn ok(node: &Redis, words: &[&str]) {
    let words = [&["CLUSTER"], words].concat();
    match node.command(&words) {
        Ok(answer) if answer.starts_with("+OK") => {}
        other => panic!("{words:?}: {other:?}"),
    }
}
