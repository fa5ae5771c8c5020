//! How much a server keeps, and what happens beyond.

use cachestack::{Backend, ErrorKind, Lookup, MemcachedBackend, ValueType};
use cachestack_tests::servers::Memcached;

use super::raw::{Raw, name_of};
use super::{SERVER, builder, entry, get, key, own_space, run, set, stats, text};

fn value_of(length: usize) -> String {
    let letter = char::from(b'a' + u8::try_from(length % 26).unwrap());
    letter.to_string().repeat(length)
}

/// Sets a value over another one. What is `Ok` can be read, and what is not leaves nothing.
async fn expect_all_or_nothing(backend: &MemcachedBackend, text: &str, length: usize) -> bool {
    let key = key(text);
    let value = value_of(length);
    match backend.set(&key, entry(value.clone())).await {
        Ok(()) => {
            let found = super::text(backend, &key).await;
            assert!(found.as_ref() == Some(&value), "Ok for {length}, not there");
            true
        }
        Err(error) => {
            let kinds = [ErrorKind::TooLarge, ErrorKind::Unavailable];
            assert!(kinds.contains(&error.kind()), "{length}: {error}");
            assert!(super::text(backend, &key).await.is_none(), "{error}");
            assert!(!backend.exists(&key).await.unwrap(), "{error}");
            false
        }
    }
}

#[test]
fn around_the_limit_a_value_is_kept_or_refused_and_then_nothing_is_left() {
    run(|| async {
        let backend = super::own();
        let mut kept = 0;
        for length in (1_048_000..1_048_700)
            .step_by(7)
            .chain([1_000_000, 1_048_576, 4_000_000])
        {
            set(&backend, &key("k"), String::from("before")).await;
            kept += usize::from(expect_all_or_nothing(&backend, "k", length).await);
        }
        assert!(kept > 0);
        let error = backend
            .set(&key("k"), entry(value_of(2 << 20)))
            .await
            .unwrap_err();
        let message = error.to_string();
        assert!(
            message.ends_with(
                "bytes of max_item_bytes = 1048576; raise it here and on the servers (-I)"
            ),
            "{message}"
        );
        assert_eq!(error.key(), Some(key("k").digest()));
    });
}

#[test]
fn what_the_server_refuses_itself_is_too_large_and_nothing_is_left() {
    run(|| async {
        let server = Memcached::builder()
            .args(["-I", "64k", "-o", "slab_chunk_max=32768"])
            .start();
        let backend = builder(&server).build().unwrap();
        for length in (65_000..65_600).step_by(11).chain([200_000, 1_000_000]) {
            set(&backend, &key("k"), String::from("before")).await;
            expect_all_or_nothing(&backend, "k", length).await;
        }
        let error = backend
            .set(&key("k"), entry(value_of(100_000)))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.message().contains("keeps no entry of 100"), "{error}");
        // One that is too large keeps no other from being stored.
        let many = [
            ("a", 10),
            ("b", 100_000),
            ("c", 20),
            ("d", 2 << 20),
            ("e", 30),
        ];
        let entries = many.map(|(text, length)| (key(text), entry(value_of(length))));
        let error = backend.set_many(entries.to_vec()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        for (name, length) in many {
            let kept = (length < 1_000).then(|| value_of(length));
            assert_eq!(text(&backend, &key(name)).await, kept);
        }
    });
}

#[test]
fn larger_items_are_kept_where_both_sides_say_so() {
    run(|| async {
        let server = Memcached::builder().args(["-I", "8m"]).start();
        let backend = builder(&server).max_item_bytes(8 << 20).build().unwrap();
        for length in [0, 1, 8_000, 8_192, 20_000, 1 << 20, 3 << 20, 7 << 20] {
            assert!(
                expect_all_or_nothing(&backend, "k", length).await,
                "{length}"
            );
        }
        // A reader that does not expect so much takes it for foreign, and reads what stands beside it.
        let narrow = builder(&server).build().unwrap();
        set(&backend, &key("k"), value_of(3 << 20)).await;
        set(&backend, &key("small"), 1).await;
        assert_eq!(text(&narrow, &key("k")).await, None);
        let keys = ["k", "small"].map(key);
        let found = narrow
            .get_many(&cachestack_tests::wanting(&keys, ValueType::of::<i32>()))
            .await
            .unwrap();
        assert!(matches!(found[0], Lookup::Miss) && found[1].is_hit());
        let stats = stats(&narrow).await;
        assert_eq!((stats.corrupt, stats.errors), (2, 0));
    });
}

#[test]
fn on_a_full_server_no_ok_is_for_a_value_that_is_not_there() {
    run(|| async {
        let small = "-M -m 1 -I 512k -o slab_chunk_max=262144";
        for (args, limit) in [
            (small, 512 << 10),
            ("-M -m 2", 1 << 20),
            ("-M -m 4", 1 << 20),
        ] {
            let server = Memcached::builder().args(args.split(' ')).start();
            let backend = builder(&server).build().unwrap();
            let mut refused = 0;
            for n in 0..300 {
                let length = match n % 6 {
                    0 => limit - 700 + n,
                    1 => limit / 2 - 150 + n,
                    2 => 16_384 - 150 + n,
                    3 => 100 + n,
                    4 => 200_000 + n,
                    _ => 8_192 - 150 + n,
                };
                let name = format!("k{}", n % 60);
                refused += usize::from(!expect_all_or_nothing(&backend, &name, length).await);
            }
            assert!(refused > 0, "it never was full");
            let failed = stats(&backend).await.errors;
            assert_eq!(failed, refused as u64);
        }
    });
}

#[test]
fn a_full_server_that_may_not_evict_says_so() {
    run(|| async {
        let server = Memcached::builder().args(["-M", "-m", "2"]).start();
        let backend = builder(&server).build().unwrap();
        let mut failed = None;
        for n in 0..100 {
            let set = backend
                .set(&key(&format!("{n}")), entry(value_of(100_000)))
                .await;
            if let Err(error) = set {
                assert_eq!(text(&backend, &key(&format!("{n}"))).await, None);
                failed = Some(error);
                break;
            }
        }
        let error = failed.unwrap();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let full = "is full; give it more memory (-m), or let it evict (no -M)";
        assert!(error.message().ends_with(full), "{error}");
        assert!(error.is_retryable());
    });
}

#[test]
fn a_server_that_evicts_takes_everything() {
    run(|| async {
        let server = Memcached::builder().args(["-m", "2"]).start();
        let backend = builder(&server).build().unwrap();
        for n in 0..300 {
            let name = format!("{n}");
            set(&backend, &key(&name), value_of(20_000 + n)).await;
            assert!(text(&backend, &key(&name)).await.is_some(), "{n}");
        }
        assert!(Raw::to(&server).counted("evictions") > 0);
        assert_eq!(stats(&backend).await.errors, 0);
    });
}

#[test]
fn what_others_wrote_under_our_names_is_a_miss() {
    run(|| async {
        let space = own_space();
        let backend = builder(&SERVER).namespace(&space).build().unwrap();
        let mut raw = Raw::to(&SERVER);
        set(&backend, &key("neighbour"), 1).await;
        let generation = raw.get(&super::raw::generation_of(&space, "shop")).unwrap();
        let stamped = |rest: &[u8]| [&generation[..], b" ", rest].concat();
        let huge = b"cachestack/1 value postcard 0 - - - 0 shop/k - 99999999999999999999 0\n";
        for (index, bytes) in [
            Vec::new(),
            b"somebody else's".to_vec(),
            generation.clone(),
            stamped(b""),
            stamped(b"\n"),
            stamped(b"cachestack/"),
            stamped(huge),
            stamped(&vec![b' '; 100_000]),
            vec![0; 1_000_000],
        ]
        .into_iter()
        .enumerate()
        {
            assert_eq!(raw.set(&name_of(&space, &key("k")), &bytes), "STORED");
            assert_eq!(get::<i32>(&backend, &key("k")).await, None);
            assert!(!backend.exists(&key("k")).await.unwrap());
            assert_eq!(stats(&backend).await.corrupt, index as u64 + 1);
            assert_eq!(get(&backend, &key("neighbour")).await, Some(1));
            set(&backend, &key("k"), 2).await;
            assert_eq!(get(&backend, &key("k")).await, Some(2));
        }
    });
}
