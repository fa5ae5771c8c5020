//! `key_self`.

use std::sync::Arc;

use cachestack::cached;
use serde::Serialize;

use super::{Runs, cache};

#[derive(Clone, Serialize)]
struct Tenant {
    id: u64,
    #[serde(skip)]
    connection: &'static str,
}

static RUNS: Runs = Runs::none();

impl Tenant {
    #[cached(key_self)]
    fn name(&self, lang: &str) -> String {
        RUNS.one_more();
        format!("{} {lang}", self.id)
    }

    #[cached(key_self)]
    fn by_arc(self: &Arc<Self>) -> u64 {
        self.id
    }

    #[cached(key_self)]
    async fn by_value(self) -> u64 {
        self.id
    }
}

fn tenant(id: u64, connection: &'static str) -> Tenant {
    Tenant { id, connection }
}

#[tokio::test]
async fn values_that_serialize_alike_share_and_others_do_not() {
    let all = async {
        for connection in ["a", "b"] {
            assert!(!tenant(1, connection).connection.is_empty());
            assert_eq!(tenant(1, connection).name("en"), "1 en");
            assert_eq!(tenant(2, connection).name("en"), "2 en");
            assert_eq!(tenant(1, connection).name("de"), "1 de");
        }
        assert_eq!(RUNS.count(), 3);
        let entry = tenant(2, "c").name_entry("en");
        assert_eq!(entry.peek().as_deref(), Some("2 en"));

        let [one, two] = [1, 2].map(|id| Arc::new(tenant(id, "")));
        assert_eq!((one.by_arc(), two.by_arc(), one.by_arc()), (1, 2, 1));
        assert_eq!(two.by_arc_entry().peek(), Some(2));
        assert_eq!(tenant(1, "").by_value().await, 1);
        assert_eq!(tenant(2, "").by_value().await, 2);
        assert_eq!(tenant(1, "x").by_value_entry().peek(), Some(1));
    };
    cache().scope(all).await;
}
