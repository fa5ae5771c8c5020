#![deny(warnings)]

use cachestack::cached;

#[cached]
#[allow(clippy::too_many_arguments)]
async fn default_key(
    tag: u8,
    shape: u8,
    call: u8,
    key: u8,
    entry: u8,
    writer: u8,
    value: u8,
    time: u8,
    p: u8,
    site: u8,
    uncached: u8,
    __writer: u8,
) -> u32 {
    [
        tag, shape, call, key, entry, writer, value, time, p, site, uncached, __writer,
    ]
    .map(u32::from)
    .iter()
    .sum()
}

#[cached(key = "{tag}:{shape}:{writer}:{key}:{value}", condition = |value| *value > 0, ttl = limit())]
fn template(tag: u8, shape: u8, writer: u8, key: u8, value: u8) -> u8 {
    tag + shape + writer + key + value
}

fn limit() -> std::time::Duration {
    std::time::Duration::from_secs(1)
}

#[tokio::test]
async fn works() {
    assert_eq!(default_key(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12).await, 78);
    assert_eq!(template(1, 2, 3, 4, 5), 15);
    assert_eq!(template::entry(1, 2, 3, 4, 5).key().unwrap(), "1:2:3:4:5");
}
