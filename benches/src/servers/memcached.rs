//! Memcached through `memcache-async`, which has one connection for each task.

use std::sync::Arc;

use cachestack::{AnyBackend, MemcachedBackend};
use cachestack_tests::servers::{Memcached, is_installed};
use memcache_async::ascii::Protocol;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use super::{Client, HOUR, Pair, TASKS, value};
use crate::table::Table;

type Connections = Arc<Vec<Mutex<Protocol<TcpStream>>>>;

#[derive(Clone)]
struct Get(Connections);

#[derive(Clone)]
struct Set(Connections);

impl Client for Get {
    async fn once(&self, task: usize) {
        let mut connection = self.0[task].lock().await;
        connection.get(format!("bare{task}")).await.expect("get");
    }
}

/// What makes sure that the value is there: the client's `set` waits for no answer.
impl Client for Set {
    async fn once(&self, task: usize) {
        let (key, seconds) = (format!("bare{task}"), HOUR.as_secs() as u32);
        let mut connection = self.0[task].lock().await;
        connection.delete(&key).await.expect("delete");
        let value = value();
        connection
            .add(&key, value.as_bytes(), seconds)
            .await
            .expect("add");
    }
}

pub(super) fn run(table: &mut Table, runtime: &Runtime) {
    if !is_installed("memcached") {
        return table.leave_out("server memcached: memcached is not installed");
    }
    let server = Memcached::start();
    let (bare, ours) = runtime.block_on(async {
        let mut connections = Vec::new();
        for _ in 0..TASKS {
            let stream = TcpStream::connect(server.addr()).await;
            let stream = stream.expect("a connection");
            stream.set_nodelay(true).expect("an open connection");
            connections.push(Mutex::new(Protocol::new(stream)));
        }
        let ours = MemcachedBackend::connect(server.dsn()).await;
        (
            Arc::new(connections),
            AnyBackend::new(ours.expect("a connection")),
        )
    });
    let pair = Pair {
        store: "memcached",
        runtime,
        ours,
        get: Get(Arc::clone(&bare)),
        set: Set(bare),
    };
    pair.rows(table);
    pair.close();
}
