use cachestack::cached;

#[cached(tags = ["user:{id}", "users", format!("lang:{lang}")])]
fn user(id: u64, lang: &str) -> String {
    format!("{id} {lang}")
}

#[cached(tags = "users")]
async fn all() -> u64 {
    1
}

pub struct Users {
    tenant: u64,
}

impl Users {
    #[cached(key = "count:{self.tenant}", tags = ["tenant:{self.tenant}"])]
    fn count(&self) -> u64 {
        self.tenant
    }
}

#[tokio::test]
async fn works() {
    assert_eq!(user(1, "en"), "1 en");
    assert_eq!(all().await, 1);
    assert_eq!(Users { tenant: 1 }.count(), 1);
}
