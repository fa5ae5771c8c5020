use cachestack::invalidate;

#[invalidate(key = "n:{text}")]
fn parse(text: &str) -> Result<u64, std::num::ParseIntError> {
    if text.is_empty() {
        return Ok(0);
    }
    let n = text.parse::<u64>()?;
    Ok('found: loop {
        for i in 0.. {
            if i == n {
                break 'found i;
            }
        }
    })
}

#[invalidate(key = "n:{text}")]
async fn parse_later(text: &str) -> Result<u64, std::num::ParseIntError> {
    let n = text.parse::<u64>()?;
    std::future::ready(()).await;
    Ok(n)
}

#[tokio::test]
async fn works() {
    assert_eq!(parse("7"), Ok(7));
    assert_eq!(parse_later("7").await, Ok(7));
}
