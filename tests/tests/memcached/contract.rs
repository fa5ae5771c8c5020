//! The contract suite, on every way there is to servers.

use std::sync::LazyLock;
use std::time::Duration;

use cachestack::testing::Subject;
use cachestack::{Clock, Codec, Key, MemcachedBackend, contract_tests};
use cachestack_tests::servers::Memcached;

use super::raw::{Raw, name_of};
use super::{SERVER, own_space};

static SOCKET: LazyLock<Memcached> = LazyLock::new(|| Memcached::builder().unix_socket().start());
static IPV6: LazyLock<Memcached> = LazyLock::new(|| Memcached::builder().ipv6().start());
static THREE: LazyLock<[Memcached; 3]> = LazyLock::new(|| [(); 3].map(|()| Memcached::start()));

fn address(server: &Memcached) -> String {
    match server.socket() {
        Some(path) => format!("unix://{}", path.display()),
        None => server.addr().to_string(),
    }
}

fn subject(servers: &'static [Memcached], codec: Codec, clock: Clock) -> Subject {
    let space = own_space();
    let addresses: Vec<String> = servers.iter().map(address).collect();
    let backend = MemcachedBackend::builder(addresses.join(","))
        .namespace(&space)
        .serializer(codec)
        .timeout(Duration::from_secs(10))
        .clock(clock.clone())
        .build();
    let damage = move |key: &Key, edit: &mut dyn FnMut(&mut Vec<u8>)| {
        let name = name_of(&space, key);
        let found = servers.iter().find_map(|server| {
            let mut raw = Raw::to(server);
            raw.get(&name).map(|bytes| (raw, bytes))
        });
        let (mut raw, mut bytes) = found.unwrap();
        edit(&mut bytes);
        assert_eq!(raw.set(&name, &bytes), "STORED");
    };
    Subject::new(backend.unwrap())
        .clock(clock)
        .damaged_by(damage)
}

fn one(server: &'static Memcached) -> &'static [Memcached] {
    std::slice::from_ref(server)
}

contract_tests!(on_one_server, || async {
    subject(one(&SERVER), Codec::Postcard, Clock::system())
});
contract_tests!(by_a_clock_that_is_moved, || async {
    subject(one(&SERVER), Codec::Json, Clock::manual())
});
contract_tests!(on_a_socket, || async {
    subject(one(&SOCKET), Codec::Msgpack, Clock::system())
});
contract_tests!(on_ipv6, || async {
    subject(one(&IPV6), Codec::Postcard, Clock::system())
});
contract_tests!(on_three_servers, || async {
    subject(&*THREE, Codec::Postcard, Clock::system())
});
