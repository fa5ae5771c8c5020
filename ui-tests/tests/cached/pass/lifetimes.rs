use std::borrow::Cow;

use cachestack::cached;
use serde::Serialize;

#[derive(Serialize)]
pub struct Query<'a> {
    text: &'a str,
}

#[cached]
fn elided(text: &str, more: Option<&str>) -> usize {
    text.len() + more.map_or(0, str::len)
}

#[cached]
fn named<'a, 'b>(text: &'a str, more: &'b [&'a str]) -> usize
where
    'b: 'a,
{
    text.len() + more.len()
}

#[cached]
async fn in_types(query: Query<'_>, text: Cow<'_, str>, more: &[&str]) -> Result<usize, String> {
    Ok(query.text.len() + text.len() + more.len())
}

#[cached]
fn to_static(n: u64) -> Cow<'static, str> {
    n.to_string().into()
}

#[tokio::test]
async fn works() {
    let text = String::from("abc");
    assert_eq!(elided(&text, Some("d")), 4);
    assert_eq!(named(&text, &["d"]), 4);
    let query = Query { text: &text };
    assert_eq!(in_types(query, Cow::Borrowed("d"), &["e"]).await, Ok(5));
    assert_eq!(to_static(7), "7");
}
