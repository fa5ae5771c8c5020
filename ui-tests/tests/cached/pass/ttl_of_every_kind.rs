use std::time::Duration;

use cachestack::cached;

const DAY: Duration = Duration::from_secs(86_400);

#[cached(ttl = 0.5)]
fn fraction(n: u64) -> u64 {
    n
}

#[cached(ttl = 1_000)]
fn underscores(n: u64) -> u64 {
    n
}

#[cached(ttl = "1h 30m")]
fn text(n: u64) -> u64 {
    n
}

#[cached(ttl = "250ms")]
fn milliseconds(n: u64) -> u64 {
    n
}

#[cached(ttl = DAY)]
fn constant(n: u64) -> u64 {
    n
}

#[cached(ttl = Duration::from_secs(60) * 2)]
fn expression(n: u64) -> u64 {
    n
}

#[cached(ttl = if n > 5 { DAY } else { DAY / 2 })]
fn of_an_argument(n: u64) -> u64 {
    n
}

#[test]
fn works() {
    let all = fraction(1)
        + underscores(1)
        + text(1)
        + milliseconds(1)
        + constant(1)
        + expression(1)
        + of_an_argument(1);
    assert_eq!(all, 7);
}
