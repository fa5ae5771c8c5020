//! Redis through `fred`.

use cachestack::{AnyBackend, RedisBackend};
use cachestack_tests::servers::{Redis, is_installed};
use fred::clients::Client;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::Expiration;
use fred::types::config::Config;

use super::{MINUTE, rows, value};
use crate::measure::Contender;
use crate::table::Table;

#[derive(Clone)]
struct Get(Client);

#[derive(Clone)]
struct Set(Client);

impl Contender for Get {
    async fn once(&self, task: usize) {
        let found: Option<String> = self.0.get(format!("bare {task}")).await.expect("get");
        assert!(found.is_some());
    }
}

impl Contender for Set {
    async fn once(&self, task: usize) {
        let end = Expiration::PX(MINUTE.as_millis() as i64);
        let () = self
            .0
            .set(format!("bare {task}"), value(), Some(end), None, false)
            .await
            .expect("set");
    }
}

pub(super) async fn run(table: &mut Table, rounds: usize) {
    if !is_installed("redis-server") {
        return table.leave_out("redis: redis-server is not installed".into());
    }
    let server = Redis::start();
    let config = Config::from_url(&server.dsn()).expect("an address");
    let bare = Client::new(config, None, None, None);
    bare.init().await.expect("a connection");
    let ours = RedisBackend::connect(server.dsn())
        .await
        .expect("a connection");
    let ours = AnyBackend::new(ours);
    rows(table, rounds, "redis", ours, Get(bare.clone()), Set(bare)).await;
}
