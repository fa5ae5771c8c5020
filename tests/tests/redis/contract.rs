//! What every store must do.

use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex};

use cachestack::testing::Subject;
use cachestack::{Codec, Key, MemoryBackend, Namespace, RedisBackend, TieredCache, contract_tests};
use cachestack_tests::servers::RedisCluster;

use super::raw::{Raw, Reply};
use super::{SECOND, shared, unique};

/// Changes what is stored, on whichever of the nodes has it.
fn damage(nodes: &[SocketAddr], name: &str, edit: &mut dyn FnMut(&mut Vec<u8>)) {
    for node in nodes {
        let mut raw = Raw::to(*node);
        if let Reply::Bytes(mut bytes) = raw.ask(&[b"GET", name.as_bytes()]) {
            edit(&mut bytes);
            raw.set(name, &bytes);
        }
    }
}

fn subject(dsn: String, nodes: Vec<SocketAddr>, codec: Codec) -> Subject {
    let space = Namespace::new(unique());
    // How long an operation may take is no rule of the contract, and this machine may have other work.
    let builder = RedisBackend::builder(dsn)
        .timeout(5 * SECOND)
        .namespace(space.clone());
    let backend = builder.serializer(codec).build().unwrap();
    Subject::new(backend).damaged_by(move |key: &Key, edit| {
        let namespace = space.join(key.namespace());
        let name = format!("{}{}", namespace.prefix(), key.text());
        damage(&nodes, &name, edit);
    })
}

fn one(codec: Codec) -> Subject {
    subject(shared().dsn(), vec![shared().addr()], codec)
}

contract_tests!(one_server, || async { one(Codec::Postcard) });
contract_tests!(one_server_with_json, || async { one(Codec::Json) });

contract_tests!(memory_over_redis, || async {
    let builder = RedisBackend::builder(shared().dsn())
        .timeout(5 * SECOND)
        .namespace(unique());
    let stack = TieredCache::builder().layer(MemoryBackend::default());
    Subject::new(stack.layer(builder.build().unwrap()).build().unwrap())
});

pub(crate) fn cluster() -> &'static RedisCluster {
    static CLUSTER: LazyLock<Mutex<&'static RedisCluster>> =
        LazyLock::new(|| Mutex::new(Box::leak(Box::new(RedisCluster::start()))));
    *CLUSTER.lock().unwrap()
}

contract_tests!(a_cluster, || async {
    let nodes = cluster().nodes().iter().map(|node| node.addr()).collect();
    subject(cluster().dsn(), nodes, Codec::Postcard)
});
