use cachestack::cached;

fn is_large(n: &u64) -> bool {
    *n > 5
}

mod conditions {
    pub fn longer_than(limit: usize) -> impl Fn(&String) -> bool {
        move |text| text.len() > limit
    }
}

#[cached(condition = is_large)]
fn double(n: u64) -> u64 {
    n * 2
}

#[cached(condition = Option::is_some)]
async fn find(value: u64) -> Option<u64> {
    Some(value)
}

#[cached(condition = conditions::longer_than(3))]
async fn text(n: u64) -> Result<String, std::fmt::Error> {
    Ok("x".repeat(n as usize))
}

#[tokio::test]
async fn works() {
    double(2);
    assert_eq!(double::entry(2).peek(), None);
    find(1).await;
    assert_eq!(find::entry(1).peek(), Some(Some(1)));
    text(2).await.unwrap();
    text(4).await.unwrap();
    assert_eq!(text::entry(2).peek(), None);
    assert_eq!(text::entry(4).peek().as_deref(), Some("xxxx"));
}
