use cachestack::cached;

#[derive(serde::Serialize)]
pub struct Tenant {
    id: u64,
}

impl Tenant {
    #[cached(key_self)]
    fn name(&self, lang: &str) -> String {
        format!("{} {lang}", self.id)
    }

    #[cached(key_self)]
    async fn id(self) -> u64 {
        self.id
    }
}

#[tokio::test]
async fn works() {
    let [one, two] = [1, 2].map(|id| Tenant { id });
    assert_eq!(one.name("en"), "1 en");
    assert_eq!(two.name("en"), "2 en");
    assert_eq!(two.id().await, 2);
    assert_eq!(one.id_entry().peek(), None);
}
