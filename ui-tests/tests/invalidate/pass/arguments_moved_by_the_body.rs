use cachestack::{cached, invalidate};

#[cached]
async fn length(text: String) -> usize {
    text.len()
}

#[invalidate(length(text), key = "text:{text}")]
async fn write(text: String) -> String {
    text
}

#[invalidate(length(text))]
fn write_now(text: String) -> String {
    text
}

#[tokio::test]
async fn works() {
    length("abc".into()).await;
    assert_eq!(write("abc".into()).await, "abc");
    assert_eq!(write_now("abc".into()), "abc");
    assert_eq!(length::entry("abc".into()).peek(), None);
}
