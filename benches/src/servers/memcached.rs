//! Memcached through `memcache-async`, which has one connection for each task.

use std::sync::Arc;

use cachestack::{AnyBackend, MemcachedBackend};
use cachestack_tests::servers::{Memcached, is_installed};
use memcache_async::ascii::Protocol;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::{MINUTE, TASKS, rows, value};
use crate::measure::Contender;
use crate::table::Table;

type Connections = Arc<Vec<Mutex<Protocol<TcpStream>>>>;

#[derive(Clone)]
struct Get(Connections);

#[derive(Clone)]
struct Set(Connections);

impl Contender for Get {
    async fn once(&self, task: usize) {
        let mut connection = self.0[task].lock().await;
        connection.get(format!("bare{task}")).await.expect("get");
    }
}

/// What makes sure that the value is there: the client's `set` waits for no answer.
impl Contender for Set {
    async fn once(&self, task: usize) {
        let (key, seconds) = (format!("bare{task}"), MINUTE.as_secs() as u32);
        let mut connection = self.0[task].lock().await;
        connection.delete(&key).await.expect("delete");
        let value = value();
        connection
            .add(&key, value.as_bytes(), seconds)
            .await
            .expect("add");
    }
}

pub(super) async fn run(table: &mut Table, rounds: usize) {
    if !is_installed("memcached") {
        return table.leave_out("memcached: memcached is not installed".into());
    }
    let server = Memcached::start();
    let mut connections = Vec::new();
    for _ in 0..TASKS {
        let stream = TcpStream::connect(server.addr())
            .await
            .expect("a connection");
        stream.set_nodelay(true).expect("an open connection");
        connections.push(Mutex::new(Protocol::new(stream)));
    }
    let bare: Connections = Arc::new(connections);
    let ours = MemcachedBackend::connect(server.dsn())
        .await
        .expect("a connection");
    let ours = AnyBackend::new(ours);
    rows(
        table,
        rounds,
        "memcached",
        ours,
        Get(Arc::clone(&bare)),
        Set(bare),
    )
    .await;
}
