//! A cluster of three, beyond the contract.

use cachestack::{Backend, Key, Namespace, RedisBackend, ValueType};
use cachestack_tests::servers::RedisCluster;
use cachestack_tests::{eventually, within};

use super::raw::Raw;
use super::{LONG, SECOND, block_on, entry, put, text, unique};

fn keys(count: usize) -> Vec<Key> {
    let space = Namespace::new("shop");
    (0..count)
        .map(|i| Key::new(&space, format!("key {i}")))
        .collect()
}

fn on(cluster: &RedisCluster) -> (RedisBackend, String) {
    let space = unique();
    let backend = RedisBackend::builder(cluster.dsn()).namespace(space.clone());
    (backend.build().unwrap(), space)
}

/// How many of our keys each node has.
fn shares(cluster: &RedisCluster, space: &str) -> Vec<usize> {
    let nodes = cluster.nodes().iter();
    nodes
        .map(|node| Raw::to(node.addr()).names(space).len())
        .collect()
}

#[test]
fn keys_of_all_slots_are_written_read_and_deleted_together() {
    within(LONG, || {
        let cluster = super::contract::cluster();
        let (backend, space) = on(cluster);
        let keys = keys(300);
        let entries = keys
            .iter()
            .enumerate()
            .map(|(i, key)| (key.clone(), entry(i)));
        block_on(backend.set_many(entries.collect())).unwrap();
        let there = shares(cluster, &space);
        assert!(there.iter().all(|share| *share > 50), "{there:?}");
        assert_eq!(there.iter().sum::<usize>(), 300);
        let found =
            block_on(backend.get_many(&cachestack_tests::wanting(&keys, ValueType::of::<usize>())))
                .unwrap();
        for (i, found) in found.into_iter().enumerate() {
            assert_eq!(found.hit().unwrap().value::<usize>(), Some(&i));
        }
        block_on(backend.delete_many(&keys[..100])).unwrap();
        assert_eq!(block_on(backend.stats()).unwrap().deletes, 100);
        assert_eq!(shares(cluster, &space).iter().sum::<usize>(), 200);
        // With the same slot or without, what is in braces is only text.
        let tagged = ["{a}1", "{a}2", "{b}1"].map(|text| Key::new(&Namespace::new("shop"), text));
        for key in &tagged {
            put(&backend, key, key.text()).unwrap();
        }
        for key in &tagged {
            assert_eq!(text(&backend, key).unwrap().unwrap(), key.text());
        }
        block_on(backend.clear(&Namespace::new("shop"))).unwrap();
        assert_eq!(shares(cluster, &space), [0, 0, 0]);
    });
}

#[test]
fn a_slot_that_moves_is_followed() {
    within(LONG, || {
        let cluster = RedisCluster::start();
        let (backend, space) = on(&cluster);
        let key = &keys(1)[0];
        put(&backend, key, "v").unwrap();
        let name = format!("{space}:shop/{}", key.text());
        let [from, to] = two_nodes(&cluster, &name);
        let slot = Raw::to(cluster.nodes()[from].addr()).number(&[
            b"CLUSTER",
            b"KEYSLOT",
            name.as_bytes(),
        ]);
        let slot = slot.to_string();
        let id = |node: usize| {
            let answer = cluster.nodes()[node].command(&["CLUSTER", "MYID"]).unwrap();
            answer.lines().nth(1).unwrap().to_owned()
        };
        let (from_id, to_id) = (id(from), id(to));
        let tell = |node: usize, words: &[&str]| {
            let answer = cluster.nodes()[node].command(words).unwrap();
            assert!(answer.starts_with("+OK"), "{answer}");
        };
        tell(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]);
        tell(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]);
        // Still there, then asked for where it goes.
        assert_eq!(text(&backend, key).unwrap().unwrap(), "v");
        let port = cluster.nodes()[to].port().to_string();
        tell(from, &["MIGRATE", "127.0.0.1", &port, &name, "0", "1000"]);
        // For that moment the client cannot follow, and says so.
        let error = text(&backend, key).unwrap_err();
        assert_eq!(error.kind(), cachestack::ErrorKind::Unavailable);
        let other = &keys(2)[1];
        put(&backend, other, "other").unwrap();
        for node in [to, from] {
            tell(node, &["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]);
        }
        assert_eq!(text(&backend, key).unwrap().unwrap(), "v");
        put(&backend, key, "moved").unwrap();
        assert_eq!(text(&backend, key).unwrap().unwrap(), "moved");
        assert!(Raw::to(cluster.nodes()[to].addr()).get(&name).is_some());
        assert_eq!(text(&backend, other).unwrap().unwrap(), "other");
        assert_eq!(block_on(backend.stats()).unwrap().errors, 1);
    });
}

/// The one that has the key, and another.
fn two_nodes(cluster: &RedisCluster, name: &str) -> [usize; 2] {
    let has = |node: &usize| {
        let mut raw = Raw::to(cluster.nodes()[*node].addr());
        !raw.names(name).is_empty()
    };
    let from = (0..3).find(has).unwrap();
    [from, (from + 1) % 3]
}

#[test]
fn a_node_that_is_killed_and_comes_back_is_used_again() {
    within(LONG, || {
        let cluster = RedisCluster::start();
        let (backend, _) = on(&cluster);
        let keys = keys(30);
        let all = || keys.iter().all(|key| put(&backend, key, "v").is_ok());
        assert!(all());
        cluster.nodes()[1].kill();
        eventually(|| !all());
        let began = std::time::Instant::now();
        for key in &keys {
            let _ = put(&backend, key, "v");
        }
        assert!(began.elapsed() < 3 * SECOND, "{:?}", began.elapsed());
        cluster.nodes()[1].restart();
        cluster.wait_until_whole();
        eventually(all);
    });
}
