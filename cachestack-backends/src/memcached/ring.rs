//! Which server a key is on, when there are several.
//!
//! Each server stands at 160 places on a ring of all 64-bit numbers, and a key belongs to the server whose
//! place comes next after the key's own. So a server that is added or removed takes or leaves about its
//! share of the keys, and all others stay where they are. Places depend on nothing but the address as it is
//! written in the settings, so all processes that name the servers alike agree, in whatever order.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// Enough that the shares of three servers differ by a tenth or so.
const PLACES: usize = 160;

#[derive(Debug)]
pub(super) struct Ring {
    /// In ascending order; empty where there is only one server.
    places: Vec<(u64, usize)>,
}

impl Ring {
    pub(super) fn new<S: ToString>(servers: &[S]) -> Self {
        let mut places = Vec::new();
        if servers.len() > 1 {
            for (index, server) in servers.iter().enumerate() {
                let name = server.to_string();
                places.extend((0..PLACES).map(|n| (hash(&format!("{name}-{n}")), index)));
            }
            places.sort_unstable();
        }
        Self { places }
    }

    /// The index of the server that has this key.
    pub(super) fn server_of(&self, key: &str) -> usize {
        if self.places.is_empty() {
            return 0;
        }
        let hash = hash(key);
        let next = self.places.partition_point(|(place, _)| *place < hash);
        self.places[next % self.places.len()].1
    }
}

/// SipHash-1-3 without a key: the same in every process and release.
fn hash(text: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: usize = 20_000;

    fn keys() -> impl Iterator<Item = String> {
        (0..KEYS).map(|n| format!("shop/user:{n}"))
    }

    #[test]
    fn each_server_gets_about_its_share() {
        for servers in [2, 3, 10] {
            let names: Vec<String> = (0..servers).map(|n| format!("10.0.0.{n}:11211")).collect();
            let ring = Ring::new(&names);
            let mut shares = vec![0; servers];
            keys().for_each(|key| shares[ring.server_of(&key)] += 1);
            let fair = KEYS / servers;
            for share in &shares {
                assert!(
                    (fair * 7 / 10..fair * 13 / 10).contains(share),
                    "{shares:?}"
                );
            }
        }
    }

    #[test]
    fn removing_one_of_n_servers_moves_only_its_keys() {
        let names = ["a:1", "b:1", "c:1", "d:1", "e:1"];
        let (before, after) = (Ring::new(&names), Ring::new(&names[..4]));
        let mut moved = 0;
        for key in keys() {
            let (was, is) = (before.server_of(&key), after.server_of(&key));
            match was {
                4 => moved += 1,
                stayed => assert_eq!(stayed, is),
            }
        }
        assert!(
            (KEYS / 5 * 7 / 10..KEYS / 5 * 13 / 10).contains(&moved),
            "{moved}"
        );
    }

    #[test]
    fn the_order_of_the_servers_and_the_process_do_not_matter() {
        let (names, turned) = (["a:1", "b:1", "c:1"], ["c:1", "a:1", "b:1"]);
        let (one, other) = (Ring::new(&names), Ring::new(&turned));
        for key in keys().take(1_000) {
            assert_eq!(names[one.server_of(&key)], turned[other.server_of(&key)]);
        }
        let pinned = ["shop/user:1", "shop/user:2", "shop/user:3", "/", "%~00"];
        assert_eq!(pinned.map(|key| one.server_of(key)), [1, 0, 1, 2, 0]);
    }
}
