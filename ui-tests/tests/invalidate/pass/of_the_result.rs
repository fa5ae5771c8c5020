use cachestack::{cached, invalidate};

#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct User {
    id: u64,
    name: String,
}

#[cached]
async fn user(id: u64) -> Result<User, String> {
    Ok(User {
        id,
        name: String::new(),
    })
}

#[cached]
fn named(name: &str) -> Option<User> {
    let _ = name;
    None
}

#[invalidate(|made| named(&made.name), put = |made| user(made.id), |_| named(&name))]
async fn create(name: String) -> Result<User, String> {
    Ok(User { id: 1, name })
}

#[invalidate(|(id, _)| user(*id), condition = |(_, changed)| *changed)]
fn change(id: u64) -> (u64, bool) {
    (id, true)
}

#[tokio::test]
async fn works() {
    // Of its own: what others change in a cache meanwhile keeps a value from being put.
    let cache = cachestack::Cache::from(cachestack::MemoryBackend::default());
    cache
        .scope(async {
            let made = create("a".into()).await.unwrap();
            assert_eq!(user::entry(1).peek(), Some(made));
            assert_eq!(change(1), (1, true));
            assert_eq!(user::entry(1).peek(), None);
        })
        .await;
}
