//! The contract suite, directly, over a socket, and behind a pooler.

use std::sync::{LazyLock, Mutex};

use cachestack::testing::Subject;
use cachestack::{Codec, Key, PostgresBuilder, contract_tests};
use cachestack_tests::servers::PgBouncer;

use super::support::{Raw, builder, fresh, on, server};

/// A table of its own, whose rows can be changed from outside.
fn subject(make: impl FnOnce(&str) -> PostgresBuilder) -> Subject {
    let table = fresh("contract");
    let backend = make(&table).build().unwrap();
    let raw = Mutex::new(Raw::new());
    Subject::new(backend).damaged_by(move |key: &Key, edit| {
        raw.lock().unwrap().edit(&table, key, edit);
    })
}

fn pooler() -> &'static PgBouncer {
    static POOLER: LazyLock<PgBouncer> =
        LazyLock::new(|| PgBouncer::with(server(), &["default_pool_size = 2"]));
    &POOLER
}

contract_tests!(postgres, || async { subject(builder) });
contract_tests!(postgres_of_json, || async {
    subject(|table| builder(table).serializer(Codec::Json))
});
contract_tests!(postgres_of_msgpack_on_a_socket, || async {
    let folder = server().folder().display();
    let port = server().port();
    let dsn = format!("postgres://postgres@/postgres?host={folder}&port={port}");
    subject(|table| on(&dsn, table).serializer(Codec::Msgpack))
});
contract_tests!(postgres_behind_a_pooler, || async {
    subject(|table| on(&pooler().dsn(), table).pgbouncer(true))
});
