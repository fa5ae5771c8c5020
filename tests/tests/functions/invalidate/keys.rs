//! `keys = ...`.

use cachestack::invalidate;

use super::super::cache;
use super::{fill, there};

#[tokio::test]
async fn a_list_is_of_templates_and_expressions() {
    const EN: &str = "profile:1:en";

    #[invalidate(keys = ["profile:{id}:de", EN, format!("{id}")])]
    async fn change(id: u64) {}

    let all = async {
        fill().await;
        change(1).await;
        assert_eq!(there(), [true, true, false, false]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn an_expression_gives_any_number_of_keys() {
    #[invalidate(keys = langs.iter().map(|lang| format!("profile:1:{lang}")))]
    fn change(langs: Vec<&str>) -> usize {
        langs.into_iter().map(str::len).sum()
    }
    #[invalidate(keys = keys)]
    fn exactly(keys: &[String]) {}

    let all = async {
        fill().await;
        assert_eq!(change(vec!["en", "de"]), 4);
        assert_eq!(there(), [true, true, false, false]);
        fill().await;
        exactly(&[]);
        assert_eq!(there(), [true; 4]);
        exactly(&["profile:1:en".to_owned()]);
        assert_eq!(there(), [true, true, false, true]);
    };
    cache().scope(all).await;
}
