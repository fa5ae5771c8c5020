//! The placeholders of a template in short: what varies from call to call, without the text.

use cachestack_backends::KeyWriter;

/// The value of a placeholder.
#[derive(Debug)]
pub struct Value<'a, T: ?Sized>(pub &'a T);

/// Picked for values of which equal ones alone have the same short form: then they are displayed alike too.
pub trait OfPlainValue {
    /// Writes it in short, where that is asked for.
    fn in_short(&self, key: &mut KeyWriter);
}

macro_rules! plain {
    ($($type:ty),+) => {
        $(
            impl OfPlainValue for Value<'_, $type> {
                #[inline]
                fn in_short(&self, key: &mut KeyWriter) {
                    key.in_short_too(self.0);
                }
            }

            impl OfPlainValue for Value<'_, &$type> {
                #[inline]
                fn in_short(&self, key: &mut KeyWriter) {
                    key.in_short_too(*self.0);
                }
            }
        )+
    };
}

plain!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, bool, char, str, String
);

/// Picked for everything else.
pub trait OfOtherValue {
    /// There is no short form.
    fn in_short(&self, key: &mut KeyWriter);
}

impl<T: ?Sized> OfOtherValue for &Value<'_, T> {
    #[inline]
    fn in_short(&self, key: &mut KeyWriter) {
        key.not_in_short();
    }
}
