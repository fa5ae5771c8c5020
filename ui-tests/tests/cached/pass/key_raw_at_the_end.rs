use cachestack::cached;

#[cached(key = "page:{lang}:{url:raw}")]
fn page(lang: &str, url: &str) -> String {
    format!("{lang}{url}")
}

#[test]
fn works() {
    let entry = page::entry("en", "https://a.b/c?d");
    assert_eq!(entry.key().unwrap(), "page:en:https://a.b/c?d");
}
