//! `associated`: functions of a type without a `self`.

use cachestack::cached;

use super::cache;

struct One;
struct Two;
struct Of<T>(std::marker::PhantomData<T>);

impl One {
    #[cached(associated)]
    fn number(id: u64) -> u64 {
        id + 100
    }
}

impl Two {
    #[cached(associated)]
    fn number(id: u64) -> u64 {
        id + 200
    }

    /// Its body says it.
    #[cached]
    fn own(id: u64) -> u64 {
        Self::number(id)
    }
}

impl<T> Of<T> {
    #[cached(associated)]
    fn size() -> usize {
        std::mem::size_of::<T>()
    }

    #[cached(associated, key = "associated-size")]
    fn by_template() -> usize {
        std::mem::size_of::<T>()
    }
}

struct InABlock;

#[cached]
impl InABlock {
    #[cached]
    fn number(id: u64) -> u64 {
        id + 300
    }
}

#[test]
fn functions_of_one_name_of_two_types_do_not_share() {
    cache().sync_scope(|| {
        for _ in 0..2 {
            let numbers = [
                One::number(1),
                Two::number(1),
                Two::own(2),
                InABlock::number(1),
            ];
            assert_eq!(numbers, [101, 201, 202, 301]);
        }
        assert_eq!(One::number_entry(1).peek(), Some(101));
        assert_eq!(InABlock::number_entry(1).peek(), Some(301));
        assert_eq!(One::number_entries().stats().hits, 1);
    });
}

#[test]
fn instances_of_a_generic_type_do_not_share_with_a_template_either() {
    cache().sync_scope(|| {
        for _ in 0..2 {
            assert_eq!((Of::<u8>::size(), Of::<u16>::size()), (1, 2));
            assert_eq!((Of::<u8>::by_template(), Of::<u16>::by_template()), (1, 2));
        }
        assert_eq!(Of::<u16>::size_entry().peek(), Some(2));
    });
}
