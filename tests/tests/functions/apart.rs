//! Calls that must not meet: what the attribute cannot see, the compiler's names for it tell.

use std::fmt::Display;
use std::sync::LazyLock;
use std::time::Duration;

use cachestack::{Cache, MemoryBackend, Operation, cached, invalidate};
use cachestack_tests::Shelf;

use super::cache;

#[test]
fn an_argument_that_the_body_uses_in_a_text_stays_in_the_key() {
    #[cached(bypass = width == 0)]
    fn pad(x: u32, width: usize) -> String {
        format!("{x:>width$}")
    }

    #[cached(bypass = r#type == 0)]
    fn of_type(r#type: u32) -> String {
        format!("{type}")
    }

    cache().sync_scope(|| {
        assert_eq!((pad(1, 3), pad(1, 6)), ("  1".into(), "     1".into()));
        assert_eq!((of_type(1), of_type(2)), ("1".into(), "2".into()));
    });
}

struct Pair<A, B>(A, B);
struct Sized_<const N: usize>;

impl<B: Display + Default> Pair<u8, B> {
    #[cached(companions = false)]
    fn made(id: u64) -> String {
        format!("{}:{id}", B::default())
    }

    #[cached(companions = false, key = "apart:{id}")]
    fn by_template(id: u64) -> String {
        format!("{}:{id}", B::default())
    }

    #[cached(companions = false, name = "apart.named")]
    fn named(id: u64) -> String {
        format!("{}:{id}", B::default())
    }
}

impl<const N: usize> Sized_<N> {
    #[cached(companions = false)]
    fn size(id: u64) -> String {
        format!("{N}:{id}")
    }
}

#[test]
fn instances_of_a_type_that_the_attribute_does_not_see_share_nothing() {
    type Number = Pair<u8, u64>;
    type Text = Pair<u8, String>;
    cache().sync_scope(|| {
        assert_eq!(
            (Number::made(1), Text::made(1)),
            ("0:1".into(), ":1".into())
        );
        assert_eq!(
            (Number::by_template(1), Text::by_template(1)),
            ("0:1".into(), ":1".into())
        );
        assert_eq!(
            (Number::named(1), Text::named(1)),
            ("0:1".into(), ":1".into())
        );
        assert_eq!(
            (Sized_::<2>::size(1), Sized_::<3>::size(1)),
            ("2:1".into(), "3:1".into())
        );
    });
    let _ = (Pair(1, 2).0, Pair(1, 2).1);
}

struct Foo;

trait Of<X> {
    fn of(&self, id: u64) -> String;
}

impl<X: Display + Default> Of<X> for Foo {
    #[cached(companions = false, skip(self))]
    fn of(&self, id: u64) -> String {
        format!("{}:{id}", X::default())
    }
}

trait Default_<X: Display + Default> {
    #[cached(skip(self))]
    fn given(&self, id: u64) -> String
    where
        Self: Sized,
    {
        format!("{}:{id}", X::default())
    }
}

impl Default_<u64> for Foo {}
impl Default_<String> for Foo {}

#[test]
fn a_type_has_other_entries_for_each_instance_of_a_trait() {
    cache().sync_scope(|| {
        let (a, b) = (Of::<u64>::of(&Foo, 1), Of::<String>::of(&Foo, 1));
        assert_eq!((a, b), ("0:1".into(), ":1".into()));
        let (a, b) = (
            Default_::<u64>::given(&Foo, 1),
            Default_::<String>::given(&Foo, 1),
        );
        assert_eq!((a, b), ("0:1".into(), ":1".into()));
    });
}

#[test]
fn no_value_looks_like_a_version() {
    #[cached(key = "apart:version:{id}")]
    fn first(id: &str) -> String {
        format!("1 {id}")
    }

    #[cached(key = "apart:version:{id}", version = 2)]
    fn second(id: &str) -> String {
        format!("2 {id}")
    }

    cache().sync_scope(|| {
        first("a@2");
        first("a%@2");
        assert_eq!(second("a"), "2 a");
    });
}

#[tokio::test]
async fn what_was_deleted_meanwhile_is_not_put() {
    #[cached]
    async fn name(id: u64) -> Option<String> {
        let _ = id;
        None
    }

    #[invalidate(put = |_it| name(id))]
    async fn rename(id: u64, gate: tokio::sync::oneshot::Receiver<()>) -> Option<String> {
        gate.await.ok()?;
        Some(format!("user {id}"))
    }

    #[invalidate(name(id))]
    async fn remove(id: u64) {
        let _ = id;
    }

    let all = async {
        let (open, gate) = tokio::sync::oneshot::channel();
        let renaming = rename(1, gate);
        let removing = async {
            remove(1).await;
            open.send(()).unwrap();
        };
        let (_, ()) = tokio::join!(renaming, removing);
        assert_eq!(name(1).await, None);
        let (open, gate) = tokio::sync::oneshot::channel();
        open.send(()).unwrap();
        rename(1, gate).await;
        assert_eq!(name(1).await.as_deref(), Some("user 1"));
    };
    cache().scope(all).await;
}

#[tokio::test]
async fn a_mutation_that_is_dropped_once_its_deletions_began_makes_all_of_them() {
    static FIRST: LazyLock<(Cache, Shelf)> = LazyLock::new(over_a_shelf);
    static SECOND: LazyLock<(Cache, Shelf)> = LazyLock::new(over_a_shelf);

    #[cached(cache = FIRST.0)]
    async fn first(id: u64) -> u64 {
        id
    }

    #[cached(cache = SECOND.0)]
    async fn second(id: u64) -> u64 {
        id
    }

    #[invalidate(first(id), second(id))]
    async fn change(id: u64) {
        let _ = id;
    }

    first(1).await;
    second(1).await;
    let hold = FIRST.1.hold(Operation::Delete);
    let cut = tokio::time::timeout(Duration::from_millis(20), change(1)).await;
    assert!(cut.is_err());
    drop(hold);
    // It waits for what is still under way there.
    SECOND.0.delete("another").await.unwrap();
    SECOND.0.flush().await.unwrap();
    assert_eq!(second::entry(1).get().await.unwrap(), None);
}

fn over_a_shelf() -> (Cache, Shelf) {
    let shelf = Shelf::new();
    let cache = Cache::builder().layer(MemoryBackend::default());
    (cache.layer(shelf.clone()).build().unwrap(), shelf)
}
