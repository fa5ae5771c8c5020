use cachestack::{cached, invalidate};

#[cached]
async fn user(id: u64, lang: String) -> u64 {
    id + lang.len() as u64
}

#[invalidate(user(id, lang))]
async fn rename(id: u64, lang: &str) -> Result<(), String> {
    let _ = (id, lang);
    Ok(())
}

fn main() {}
