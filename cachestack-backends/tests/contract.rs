//! The contract suite on every backend of this crate that needs no server, and on one of a user's own.
#![cfg(all(feature = "testing", feature = "memory"))]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod shelf;

use std::time::Duration;

use cachestack_backends::testing::{FaultyBackend, Subject};
use cachestack_backends::{
    Backend, Clock, Codec, EvictionPolicy, Layer, MemoryBackend, MemoryBuilder, TieredCache,
    contract_tests,
};
use shelf::Shelf;

fn by_hand(make: impl FnOnce(Clock) -> Subject) -> Subject {
    let clock = Clock::manual();
    make(clock.clone()).clock(clock)
}

fn memory(change: impl FnOnce(MemoryBuilder) -> MemoryBuilder) -> Subject {
    by_hand(|clock| {
        Subject::new(
            change(MemoryBackend::builder().clock(clock))
                .build()
                .unwrap(),
        )
    })
}

fn memory_with(clock: &Clock) -> MemoryBackend {
    let builder = MemoryBackend::builder().clock(clock.clone());
    builder.build().unwrap()
}

fn shelf(codec: Codec) -> Subject {
    by_hand(|clock| {
        let shelf = Shelf::new(codec, clock);
        Subject::new(shelf.clone()).damaged_by(move |key, edit| shelf.damage(key, edit))
    })
}

fn stack(clock: &Clock, upper: impl Into<Layer>, lower: impl Into<Layer>) -> Subject {
    let builder = TieredCache::builder().clock(clock.clone());
    Subject::new(builder.layer(upper).layer(lower).build().unwrap())
}

contract_tests!(memory_s3_fifo, || async {
    memory(|it| it.policy(EvictionPolicy::S3Fifo))
});
contract_tests!(memory_lru, || async {
    memory(|it| it.policy(EvictionPolicy::Lru))
});
contract_tests!(memory_lfu, || async {
    memory(|it| it.policy(EvictionPolicy::Lfu))
});
contract_tests!(memory_by_ttl, || async {
    memory(|it| it.policy(EvictionPolicy::Ttl))
});
contract_tests!(memory_with_default_and_longest_ttl, || async {
    memory(|it| {
        let it = it.ttl(Duration::from_secs(300));
        it.max_ttl(Duration::from_secs(3_600))
    })
});
contract_tests!(memory_with_a_weight_limit, || async {
    memory(|it| {
        it.max_weight_bytes(1 << 20, |key, entry| {
            let value = entry.value::<String>().map_or(100, String::len);
            (key.text().len() + value) as u64
        })
    })
});
contract_tests!(memory_by_the_system_clock, || async {
    Subject::new(MemoryBackend::default())
});

contract_tests!(shelf_of_postcard, || async { shelf(Codec::Postcard) });
#[cfg(feature = "json")]
contract_tests!(shelf_of_json, || async { shelf(Codec::Json) });
#[cfg(feature = "msgpack")]
contract_tests!(shelf_of_msgpack, || async { shelf(Codec::Msgpack) });
contract_tests!(shelf_by_the_system_clock, || async {
    Subject::new(Shelf::default())
});

contract_tests!(memory_over_memory, || async {
    by_hand(|clock| stack(&clock, memory_with(&clock), memory_with(&clock)))
});
contract_tests!(memory_over_shelf, || async {
    by_hand(|clock| {
        let shelf = Shelf::new(Codec::Postcard, clock.clone());
        stack(&clock, memory_with(&clock), shelf)
    })
});
contract_tests!(memory_over_a_shared_shelf, || async {
    by_hand(|clock| {
        let shelf = FaultyBackend::new(Shelf::new(Codec::Postcard, clock.clone()));
        let shelf = shelf.with_info(|info| info.shared(true));
        stack(&clock, memory_with(&clock), shelf)
    })
});
contract_tests!(shelf_over_shelf, || async {
    by_hand(|clock| {
        let (upper, lower) = (Codec::Postcard, Codec::Postcard);
        let upper = Shelf::new(upper, clock.clone());
        let detached = FaultyBackend::new(upper).with_info(|info| info.detached(true));
        stack(&clock, detached, Shelf::new(lower, clock.clone()))
    })
});
contract_tests!(stack_on_a_stack, || async {
    by_hand(|clock| {
        let builder = TieredCache::builder().clock(clock.clone());
        let lower = Shelf::new(Codec::Postcard, clock.clone());
        let inner = builder.layer(memory_with(&clock)).layer(lower).build();
        stack(&clock, memory_with(&clock), inner.unwrap())
    })
});

contract_tests!(faulty_without_a_fault, || async {
    by_hand(|clock| {
        let shelf = Shelf::new(Codec::Postcard, clock);
        let faulty = FaultyBackend::new(shelf.clone());
        assert_eq!(faulty.info(), shelf.info());
        Subject::new(faulty).damaged_by(move |key, edit| shelf.damage(key, edit))
    })
});

#[cfg(feature = "file")]
mod files {
    use std::fs;
    use std::path::{Path, PathBuf};

    use cachestack_backends::{FileBackend, Key};

    use super::*;

    /// A folder of its own, in which the entry of a key can be found again.
    fn folder(clock: &Clock, codec: Codec) -> (FileBackend, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let builder = FileBackend::builder(folder.path()).serializer(codec);
        (builder.clock(clock.clone()).build().unwrap(), folder)
    }

    fn file(codec: Codec) -> Subject {
        by_hand(|clock| {
            let (files, folder) = folder(&clock, codec);
            let path = folder.path().to_owned();
            let damage = move |key: &Key, edit: &mut dyn FnMut(&mut Vec<u8>)| {
                let path = entry_of(&path, key).unwrap();
                let mut bytes = fs::read(&path).unwrap();
                edit(&mut bytes);
                fs::write(&path, bytes).unwrap();
            };
            Subject::new(files).damaged_by(damage).keeping(folder)
        })
    }

    fn entry_of(folder: &Path, key: &Key) -> Option<PathBuf> {
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        let digest = hex(&key.stable_digest());
        fs::read_dir(folder).unwrap().find_map(|entry| {
            let path = entry.unwrap().path();
            let found = path.is_file() && digest.contains(path.file_stem()?.to_str()?);
            match path.is_dir() {
                true => entry_of(&path, key),
                false => found.then_some(path),
            }
        })
    }

    fn memory_over_file() -> Subject {
        by_hand(|clock| {
            let (files, folder) = folder(&clock, Codec::Postcard);
            stack(&clock, memory_with(&clock), files).keeping(folder)
        })
    }

    contract_tests!(file_of_postcard, || async { file(Codec::Postcard) });
    #[cfg(feature = "json")]
    contract_tests!(file_of_json, || async { file(Codec::Json) });
    #[cfg(feature = "msgpack")]
    contract_tests!(file_of_msgpack, || async { file(Codec::Msgpack) });
    contract_tests!(file_by_the_system_clock, || async {
        let (files, folder) = folder(&Clock::system(), Codec::Postcard);
        Subject::new(files).keeping(folder)
    });
    contract_tests!(memory_over_a_folder, || async { memory_over_file() });
}
