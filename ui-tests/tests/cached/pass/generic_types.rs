use std::fmt::Display;

use cachestack::cached;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[cached]
fn text<T: Serialize + Display + ?Sized>(value: &T) -> String {
    value.to_string()
}

#[cached]
async fn same<T>(value: T) -> T
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    value
}

#[cached(key = "either:{one}:{two}")]
fn either<'a, A: Display, B: Display + 'a>(one: A, two: &'a B) -> String {
    format!("{one} {two}")
}

#[tokio::test]
async fn works() {
    assert_eq!(text("a"), "a");
    assert_eq!(text(&1), "1");
    assert_eq!(same(1u8).await, 1);
    assert_eq!(same("a".to_owned()).await, "a");
    assert_eq!(either(1, &"b"), "1 b");
    assert_eq!(text::entry(&1).peek().as_deref(), Some("1"));
    assert_eq!(text::refresh::<str>("a"), "a");
}
