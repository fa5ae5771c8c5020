use cachestack::cached;

pub type Result<T> = std::result::Result<T, String>;
pub type Found = std::result::Result<u64, String>;
pub type Both<T, E> = std::result::Result<T, E>;

#[cached]
fn alias(n: u64) -> Result<u64> {
    if n == 0 { Err("zero".into()) } else { Ok(n) }
}

#[cached]
fn without_the_word(n: u64) -> Found {
    if n == 0 { Err("zero".into()) } else { Ok(n) }
}

#[cached]
fn two_parameters(n: u64) -> Both<u64, std::fmt::Error> {
    Ok(n)
}

#[cached]
async fn of_io(n: u64) -> std::io::Result<u64> {
    Ok(n)
}

#[cached]
async fn of_fmt(n: u64) -> std::fmt::Result {
    let _ = n;
    Ok(())
}

#[tokio::test]
async fn works() {
    alias(0).unwrap_err();
    alias(1).unwrap();
    assert_eq!(alias::entry(0).peek(), None);
    assert_eq!(alias::entry(1).peek(), Some(1));
    without_the_word(0).unwrap_err();
    without_the_word(1).unwrap();
    assert_eq!(without_the_word::entry(0).peek(), None);
    assert_eq!(without_the_word::entry(1).peek(), Some(Ok(1)));
    assert_eq!(two_parameters(1), Ok(1));
    assert_eq!(of_io(1).await.unwrap(), 1);
    of_fmt(1).await.unwrap();
}
