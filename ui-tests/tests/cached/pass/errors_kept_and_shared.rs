use cachestack::cached;

#[cached(error_ttl = 1)]
fn cloned(id: u64) -> Result<u64, String> {
    id.checked_sub(1).ok_or_else(String::new)
}

#[cached(error_ttl = "1s", share_err = |e: &std::io::Error| std::io::Error::from(e.kind()))]
async fn made(id: u64) -> std::io::Result<u64> {
    Ok(id)
}

#[cached(share_err = copy)]
fn by_path(id: u64) -> Result<u64, std::num::TryFromIntError> {
    u8::try_from(id).map(u64::from)
}

fn copy(error: &std::num::TryFromIntError) -> std::num::TryFromIntError {
    *error
}

#[tokio::test]
async fn works() {
    assert_eq!(cloned(0), Err(String::new()));
    assert_eq!(made(1).await.unwrap(), 1);
    assert_eq!(by_path(1), Ok(1));
}
