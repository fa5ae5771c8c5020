use cachestack::{cached, invalidate};

#[cached]
fn length(text: &str, more: Option<&str>) -> usize {
    text.len() + more.map_or(0, str::len)
}

#[invalidate(length(text, None))]
fn elided(text: &str) -> &str {
    text
}

#[invalidate(length(text, Some(more)))]
async fn named<'a, 'b>(text: &'a str, more: &'b str) -> Result<&'a str, &'b str> {
    if more.is_empty() { Err(more) } else { Ok(text) }
}

#[tokio::test]
async fn works() {
    let text = String::from("abc");
    assert_eq!(elided(&text), "abc");
    assert_eq!(named(&text, "d").await, Ok("abc"));
}
