//! Redis through `fred`.

use cachestack::{AnyBackend, RedisBackend};
use cachestack_tests::servers::{Redis, is_installed};
use fred::clients::Client;
use fred::interfaces::{ClientLike, KeysInterface};
use fred::types::Expiration;
use fred::types::config::Config;

use tokio::runtime::Runtime;

use super::{BATCH, Client as Way, HOUR, Pair, value};
use crate::table::Table;

#[derive(Clone)]
struct Get(Client);

#[derive(Clone)]
struct Set(Client);

#[derive(Clone)]
struct GetMany(Client, Vec<String>);

impl Way for Get {
    async fn once(&self, task: usize) {
        let found: Option<String> = self.0.get(format!("bare {task}")).await.expect("get");
        assert!(found.is_some());
    }
}

impl Way for Set {
    async fn once(&self, task: usize) {
        let end = Expiration::PX(HOUR.as_millis() as i64);
        let () = self
            .0
            .set(format!("bare {task}"), value(), Some(end), None, false)
            .await
            .expect("set");
    }
}

impl Way for GetMany {
    async fn once(&self, _task: usize) {
        let found: Vec<Option<String>> = self.0.mget(self.1.clone()).await.expect("mget");
        assert!(found.iter().all(Option::is_some));
    }
}

pub(super) fn run(table: &mut Table, runtime: &Runtime) {
    if !is_installed("redis-server") {
        return table.leave_out("server redis: redis-server is not installed");
    }
    let server = Redis::start();
    let (bare, ours) = runtime.block_on(async {
        let config = Config::from_url(&server.dsn()).expect("an address");
        let bare = Client::new(config, None, None, None);
        bare.init().await.expect("a connection");
        let ours = RedisBackend::connect(server.dsn()).await;
        (bare, AnyBackend::new(ours.expect("a connection")))
    });
    let pair = Pair {
        store: "redis",
        runtime,
        ours,
        get: Get(bare.clone()),
        set: Set(bare.clone()),
    };
    pair.rows(table);
    runtime.block_on(async {
        for key in 0..BATCH {
            Set(bare.clone()).once(key).await;
        }
    });
    let keys = (0..BATCH).map(|key| format!("bare {key}")).collect();
    pair.many(table, GetMany(bare, keys));
    pair.close();
}
