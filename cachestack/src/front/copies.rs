//! The copies of one front, by the type of their values.

use std::any::{Any, TypeId};

use cachestack_backends::{Limit, Stamp};

use super::slots::Slots;
use super::{LONG, Place, SHORT, Unkept};

/// The copies by how many numbers tell their places apart.
pub(super) struct Both {
    short: Copies<SHORT>,
    /// Not before there are any.
    long: Option<Box<Copies<LONG>>>,
}

impl Both {
    pub(super) fn new<V: 'static>(most: usize) -> Self {
        Self {
            short: Copies::new::<V>(most),
            long: None,
        }
    }

    pub(super) fn keep<V: 'static>(
        &mut self,
        most: usize,
        place: &Place,
        copy: V,
        until: Limit,
        stamp: Stamp,
    ) {
        match place {
            Place::Short(place) => {
                if let Some(slots) = self.short() {
                    slots.keep(place, stamp, until, copy);
                }
            }
            Place::Long(place) => {
                let long = self
                    .long
                    .get_or_insert_with(|| Box::new(Copies::new::<V>(most)));
                if let Some(slots) = long.of() {
                    slots.keep(place, stamp, until, copy);
                }
            }
        }
    }

    #[inline(always)]
    pub(super) fn short<V: 'static>(&mut self) -> Option<&mut Slots<V, SHORT>> {
        self.short.of()
    }

    #[inline(always)]
    pub(super) fn long<V: 'static>(&mut self) -> Option<&mut Slots<V, LONG>> {
        self.long.as_mut()?.of()
    }
}

/// The copies by the type of their values. Those that are frequent are known by their variant: to ask a box for the type of
/// what is in it takes a call, whose answer has to be waited for.
enum Copies<const N: usize> {
    Unkept(Slots<Unkept, N>),
    U64(Slots<u64, N>),
    I64(Slots<i64, N>),
    U32(Slots<u32, N>),
    Bool(Slots<bool, N>),
    Other(Box<dyn Any>),
}

impl<const N: usize> Copies<N> {
    /// Whether those of that type have a variant of their own.
    #[inline(always)]
    fn are_frequent<V: 'static>() -> bool {
        is::<V, Unkept>() || is::<V, u64>() || is::<V, i64>() || is::<V, u32>() || is::<V, bool>()
    }

    fn new<V: 'static>(most: usize) -> Self {
        fn known<V: 'static, T: 'static, const N: usize>(
            most: usize,
            of: fn(Slots<T, N>) -> Copies<N>,
        ) -> Option<Copies<N>> {
            is::<V, T>().then(|| of(Slots::new(most)))
        }
        known::<V, _, N>(most, Self::Unkept)
            .or_else(|| known::<V, _, N>(most, Self::U64))
            .or_else(|| known::<V, _, N>(most, Self::I64))
            .or_else(|| known::<V, _, N>(most, Self::U32))
            .or_else(|| known::<V, _, N>(most, Self::Bool))
            .unwrap_or_else(|| Self::Other(Box::new(Slots::<V, N>::new(most))))
    }

    /// Those of that type, where they are.
    #[inline(always)]
    fn of<V: 'static>(&mut self) -> Option<&mut Slots<V, N>> {
        // All but the variant is known when the program is compiled.
        let slots: &mut dyn Any = match self {
            Self::Unkept(slots) if is::<V, Unkept>() => slots,
            Self::U64(slots) if is::<V, u64>() => slots,
            Self::I64(slots) if is::<V, i64>() => slots,
            Self::U32(slots) if is::<V, u32>() => slots,
            Self::Bool(slots) if is::<V, bool>() => slots,
            Self::Other(slots) if !Self::are_frequent::<V>() => &mut **slots,
            _ => return None,
        };
        slots.downcast_mut()
    }
}

/// It is known when the program is compiled.
#[inline(always)]
fn is<V: 'static, T: 'static>() -> bool {
    TypeId::of::<V>() == TypeId::of::<T>()
}
