//! When an entry ends: by its envelope exactly, by the server never before.

use std::time::{Duration, Instant};

use cachestack::{Backend, TimeLeft};

use super::raw::{Raw, name_of};
use super::{SERVER, builder, get, key, lasting, own_space, run};

const DAY: u64 = 86_400;

#[test]
fn a_ttl_beyond_30_days_is_right() {
    run(|| async {
        let space = own_space();
        let backend = builder(&SERVER)
            .namespace(&space)
            .max_ttl(Duration::MAX)
            .build()
            .unwrap();
        let mut raw = Raw::to(&SERVER);
        let month = 30 * DAY;
        for seconds in [
            1,
            60,
            month - 3,
            month - 2,
            month - 1,
            month,
            month + 1,
            45 * DAY,
            3_650 * DAY,
        ] {
            let ttl = Duration::from_secs(seconds);
            backend.set(&key("k"), lasting(1, ttl)).await.unwrap();
            assert_eq!(get(&backend, &key("k")).await, Some(1), "{seconds} s");
            let TimeLeft::Left(left) = backend.ttl(&key("k")).await.unwrap() else {
                panic!("no end after {seconds} s");
            };
            assert!(
                left <= ttl + Duration::from_millis(1),
                "{left:?} of {ttl:?}"
            );
            assert!(left + Duration::from_secs(10) > ttl, "{left:?} of {ttl:?}");
            let told = raw.seconds_left(&name_of(&space, &key("k")));
            let kept = u64::try_from(told).unwrap();
            assert!(
                (seconds..seconds + 70).contains(&kept),
                "{kept} s of {seconds}"
            );
        }
        // Beyond what the protocol can say, the server keeps it until it needs the room.
        for ttl in [
            Duration::from_secs(20_000 * DAY),
            Duration::from_secs(100_000 * DAY),
        ] {
            backend.set(&key("k"), lasting(1, ttl)).await.unwrap();
            assert_eq!(get(&backend, &key("k")).await, Some(1), "{ttl:?}");
            assert_eq!(raw.seconds_left(&name_of(&space, &key("k"))), -1);
            assert!(matches!(
                backend.ttl(&key("k")).await.unwrap(),
                TimeLeft::Left(_)
            ));
        }
    });
}

#[test]
fn without_a_ttl_an_entry_is_kept_for_30_days_or_as_the_settings_say() {
    run(|| async {
        let endless = || cachestack::Entry::new(1, cachestack::Clock::system().now());
        for (ttl, max_ttl, seconds) in [
            (None, None, 30 * DAY),
            (Some(60), None, 60),
            (None, Some(90), 90),
            (Some(60), Some(30), 30),
        ] {
            let mut settings = builder(&SERVER).namespace(own_space());
            if let Some(ttl) = ttl {
                settings = settings.ttl(Duration::from_secs(ttl));
            }
            if let Some(max_ttl) = max_ttl {
                settings = settings.max_ttl(Duration::from_secs(max_ttl));
            }
            let backend = settings.build().unwrap();
            backend.set(&key("k"), endless()).await.unwrap();
            let left = backend.ttl(&key("k")).await.unwrap();
            let TimeLeft::Left(left) = left else {
                panic!("{left:?}");
            };
            let most = Duration::from_secs(seconds);
            assert!(
                left <= most + Duration::from_millis(1) && left > most / 2,
                "{left:?}"
            );
        }
    });
}

#[test]
fn an_entry_is_there_to_its_end_and_not_longer_whatever_the_servers_clock_is_at() {
    run(|| async {
        let backend = super::own();
        let ttl = Duration::from_millis(1_200);
        // Set all over a second, as the server's clock moves once in it.
        let mut ends = Vec::new();
        for n in 0..40_usize {
            let began = Instant::now();
            backend
                .set(&key(&format!("{n}")), lasting(n, ttl))
                .await
                .unwrap();
            ends.push((began, Instant::now()));
            std::thread::sleep(Duration::from_millis(25));
        }
        let until = Instant::now() + ttl + Duration::from_millis(100);
        let (mut early, mut seen) = (0, 0);
        while Instant::now() < until {
            for (n, (began, set)) in ends.iter().enumerate() {
                let asked = Instant::now();
                let found: Option<usize> = get(&backend, &key(&format!("{n}"))).await;
                let answered = Instant::now();
                if found.is_some() {
                    seen += 1;
                    let late = asked.duration_since(*set);
                    assert!(
                        late < ttl + Duration::from_millis(2),
                        "{n} served {late:?} after"
                    );
                } else if answered.duration_since(*began) < ttl {
                    early += 1;
                }
            }
        }
        assert_eq!(early, 0, "gone before their end");
        assert!(seen > 0);
    });
}

#[test]
fn a_second_is_not_half_a_second() {
    run(|| async {
        let backend = super::own();
        for (n, millis) in [1, 50, 400, 999, 1_000, 1_001].into_iter().enumerate() {
            let ttl = Duration::from_millis(millis);
            let key = key(&format!("{n}"));
            let began = Instant::now();
            backend.set(&key, lasting(1, ttl)).await.unwrap();
            let set = Instant::now();
            let found: Option<i32> = get(&backend, &key).await;
            assert!(found.is_some() || began.elapsed() >= ttl, "{millis} ms");
            std::thread::sleep(ttl.saturating_sub(set.elapsed()) + Duration::from_millis(2));
            assert_eq!(get::<i32>(&backend, &key).await, None);
            assert!(!backend.exists(&key).await.unwrap());
            assert_eq!(backend.ttl(&key).await.unwrap(), TimeLeft::Missing);
        }
    });
}
