//! Generic functions: each instance has entries of its own.

use std::fmt::{Debug, Display};

use cachestack::cached;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Runs, cache};

#[test]
fn instances_of_types_do_not_share() {
    #[cached]
    fn size<T>() -> usize {
        size_of::<T>()
    }
    #[cached(key = "generic-size:{n}")]
    fn by_template<A, B>(n: u64) -> usize {
        size_of::<A>() * 10 + size_of::<B>() + usize::try_from(n).unwrap()
    }
    #[cached]
    fn unsized_too<T: ?Sized + 'static, U>() -> String
    where
        U: 'static,
    {
        std::any::type_name::<(&T, U)>().to_owned()
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!((size::<u8>(), size::<u16>()), (1, 2));
            assert_eq!(by_template::<u8, u16>(0), 12);
            assert_eq!(by_template::<u16, u8>(0), 21);
            assert!(unsized_too::<str, u8>().contains("str"));
            assert!(unsized_too::<[u8], u8>().contains("[u8]"));
        }
        assert_eq!(size::entry::<u16>().peek(), Some(2));
        assert_eq!(by_template::entry::<u16, u8>(0).peek(), Some(21));
    });
}

#[test]
fn instances_of_constants_do_not_share() {
    #[cached]
    fn zeros<const N: usize>() -> Vec<u8> {
        vec![0; N]
    }
    #[cached(key = "generic-constants")]
    fn by_template<const N: i8, const B: bool, const C: char>() -> String {
        format!("{N}{B}{C}")
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!((zeros::<1>().len(), zeros::<2>().len()), (1, 2));
            assert_eq!(by_template::<-1, true, 'x'>(), "-1truex");
            assert_eq!(by_template::<-1, false, 'x'>(), "-1falsex");
            assert_eq!(by_template::<-1, true, '>'>(), "-1true>");
        }
    });
}

#[test]
fn an_argument_of_an_unnamed_type_is_known_by_its_type_too() {
    #[cached]
    fn shown(value: impl Serialize + Debug) -> String {
        format!("{value:?}")
    }
    #[cached(key = "generic-shown:{value}")]
    fn by_template(value: impl Display + Debug) -> String {
        format!("{value:?}")
    }

    cache().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!(
                (shown("1"), shown(1u8)),
                ("\"1\"".to_owned(), "1".to_owned())
            );
            assert_eq!(by_template("1"), "\"1\"");
            assert_eq!(by_template(1), "1");
        }
        assert_eq!(shown::entry("1").peek().as_deref(), Some("\"1\""));
        assert_eq!(by_template::entry(1).peek().as_deref(), Some("1"));
    });
}

#[tokio::test]
async fn a_generic_value_is_kept_where_its_bounds_say_so() {
    static RUNS: Runs = Runs::none();

    #[cached]
    async fn same<T, E>(value: T) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
        E: 'static,
    {
        RUNS.one_more();
        Ok(value)
    }

    let all = async {
        for _ in 0..2 {
            assert_eq!(same::<_, String>(1u8).await, Ok(1));
            assert_eq!(same::<_, u8>("a".to_owned()).await, Ok("a".to_owned()));
        }
        assert_eq!(RUNS.count(), 2);
        assert_eq!(same::entry::<u8, String>(1).peek(), Some(1));
    };
    cache().scope(all).await;
}

#[test]
fn a_bare_generic_value_is_plain_whatever_it_is() {
    static RUNS: Runs = Runs::none();

    #[cached]
    fn same<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static>(value: T) -> T {
        RUNS.one_more();
        value
    }

    // As the function knows nothing of a failure, `Err` is a value like any other.
    cache().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!(same(Err::<u8, u8>(1)), Err(1));
        }
        assert_eq!(RUNS.count(), 1);
    });
}
