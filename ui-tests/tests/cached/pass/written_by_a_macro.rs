use cachestack::{cached, invalidate};

macro_rules! loader {
    ($name:ident, $ty:ty, $ttl:expr, $body:expr) => {
        #[cached(ttl = $ttl, condition = |it| *it > 0)]
        fn $name(id: $ty) -> $ty {
            $body(id)
        }
    };
}

macro_rules! setter {
    ($name:ident, $target:path, $ty:ty) => {
        #[invalidate($target(id))]
        async fn $name(id: $ty) -> Result<$ty, String> {
            Ok(id)
        }
    };
}

loader!(double, u64, 60, |n| n * 2);
setter!(set, double, u64);

#[tokio::test]
async fn works() {
    assert_eq!(double(1), 2);
    set(1).await.unwrap();
    assert_eq!(double::entry(1).peek(), None);
}
