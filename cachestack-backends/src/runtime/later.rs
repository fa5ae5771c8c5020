//! Values that left a store are dropped when no lock is held any more: dropping one may take its time, or
//! call a cached function.

use std::any::Any;
use std::cell::RefCell;

use crate::entry::AnyValue;

struct Waiting {
    scopes: usize,
    values: Vec<AnyValue>,
    others: Vec<Box<dyn Any>>,
}

thread_local! {
    static WAITING: RefCell<Waiting> = const {
        RefCell::new(Waiting {
            scopes: 0,
            values: Vec::new(),
            others: Vec::new(),
        })
    };
}

/// What is dropped by [`drop_later`] and `drop_value_later` on this thread waits for the end of the outermost scope. To be made
/// before the locks are taken.
#[must_use = "the scope ends when this is dropped"]
pub(crate) struct Scope;

impl Scope {
    pub(crate) fn new() -> Self {
        // While the thread ends there is nothing to count in, and values are dropped at once.
        let _ = WAITING.try_with(|waiting| waiting.borrow_mut().scopes += 1);
        Self
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let waited = WAITING.try_with(|waiting| {
            let mut waiting = waiting.borrow_mut();
            waiting.scopes -= 1;
            if waiting.scopes > 0 || (waiting.values.is_empty() && waiting.others.is_empty()) {
                return None;
            }
            // One is the rule, and leaves room for the next.
            let one = waiting.values.pop();
            let more = std::mem::take(&mut waiting.others);
            let values = match waiting.values.is_empty() {
                true => Vec::new(),
                false => std::mem::take(&mut waiting.values),
            };
            Some((values, one, more))
        });
        drop(waited);
    }
}

/// The same as [`drop_later`] for a value of a store.
#[cfg(feature = "memory")]
pub(crate) fn drop_value_later(value: AnyValue) {
    let mut value = Some(value);
    let _ = WAITING.try_with(|waiting| {
        let mut waiting = waiting.borrow_mut();
        if waiting.scopes > 0 {
            waiting.values.extend(value.take());
        }
    });
    drop(value);
}

/// Drops a value at the end of the thread's outermost scope, or now where there is none.
pub(crate) fn drop_later(value: impl Any) {
    let mut value = Some(value);
    let _ = WAITING.try_with(|waiting| {
        let mut waiting = waiting.borrow_mut();
        if waiting.scopes > 0 {
            if let Some(value) = value.take() {
                waiting.others.push(Box::new(value));
            }
        }
    });
    drop(value);
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn values_wait_for_the_end_of_the_outermost_scope() {
        let value = Rc::new(());
        let outer = Scope::new();
        let inner = Scope::new();
        drop_later(Rc::clone(&value));
        drop(inner);
        assert_eq!(Rc::strong_count(&value), 2);
        drop(outer);
        assert_eq!(Rc::strong_count(&value), 1);
        drop_later(Rc::clone(&value));
        assert_eq!(Rc::strong_count(&value), 1);
    }
}
