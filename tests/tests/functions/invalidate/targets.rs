//! Cached functions as targets.

use cachestack::{cached, invalidate};

use super::super::cache;
use super::{fill, name, there};

mod users {
    use cachestack::cached;

    #[cached]
    pub(super) fn user(id: u64, lang: &str, more: Option<&[u8]>) -> String {
        format!("{id} {lang} {more:?}")
    }
}

struct Users {
    tenant: u64,
}

impl Users {
    #[cached(key = "targets:{self.tenant}:{id}")]
    fn find(&self, id: u64) -> u64 {
        id
    }

    #[invalidate(self.find(id), Self::all(), name(id))]
    async fn change(&mut self, id: u64) {
        self.tenant += 1;
    }

    #[cached(associated)]
    fn all() -> u64 {
        1
    }
}

#[tokio::test]
async fn a_path_leads_to_a_function_of_another_module() {
    #[invalidate(users::user(id, &lang, None), self::users::user(id, "de", Some(&[1])))]
    fn change(id: u64, lang: String) -> usize {
        lang.into_bytes().len() + usize::try_from(id).unwrap()
    }

    cache().sync_scope(|| {
        users::user(1, "en", None);
        users::user(1, "de", Some(&[1]));
        users::user(1, "fr", None);
        change(1, "en".to_owned());
        assert_eq!(users::user::entry(1, "en", None).peek(), None);
        assert_eq!(users::user::entry(1, "de", Some(&[1])).peek(), None);
        assert!(users::user::entry(1, "fr", None).peek().is_some());
    });
}

#[tokio::test]
async fn methods_and_associated_functions_are_named_by_self() {
    let all = async {
        fill().await;
        let mut users = Users { tenant: 1 };
        assert_eq!((users.find(1), users.find(2), Users::all()), (1, 2, 1));
        users.change(1).await;
        assert_eq!(Users { tenant: 1 }.find_entry(1).peek(), None);
        assert_eq!(Users { tenant: 1 }.find_entry(2).peek(), Some(2));
        assert_eq!(Users::all_entry().peek(), None);
        assert_eq!(there(), [false, true, true, true]);
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn without_arguments_all_entries_of_a_function_go() {
    #[invalidate(name)]
    async fn change() {}
    #[invalidate(users::user, Users::all)]
    fn sync_change(ok: bool) -> Result<(), String> {
        ok.then_some(()).ok_or_else(String::new)
    }

    let all = async {
        fill().await;
        change().await;
        assert_eq!(there()[..2], [false, false]);
        users::user(1, "en", None);
        Users::all();
        sync_change(false).unwrap_err();
        assert_eq!(Users::all_entry().peek(), Some(1));
        sync_change(true).unwrap();
        assert_eq!(users::user::entry(1, "en", None).peek(), None);
        assert_eq!(Users::all_entry().peek(), None);
    };
    cache().scope(all).await;
}
