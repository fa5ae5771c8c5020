use cachestack::{Cache, cached, configure_named};

#[cached(cache = "sessions")]
fn double(n: u64) -> u64 {
    n * 2
}

#[test]
fn works() {
    let sessions = Cache::builder().build().unwrap();
    configure_named("sessions", sessions).unwrap();
    assert_eq!(double(2), 4);
    assert_eq!(double::entry(2).peek(), Some(4));
}
