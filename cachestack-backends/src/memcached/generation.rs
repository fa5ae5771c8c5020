//! The random numbers that entries of a namespace are stored under. Who replaces a namespace's number has
//! cleared it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many namespaces' numbers are remembered for one server. Beyond it all are forgotten, at the cost of a
/// second turn for the next `set` in each.
const MOST: usize = 1024;

/// The number that a namespace has on one server. It is written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number(u128);

impl Number {
    pub(super) const LENGTH: usize = 32;

    /// One that no process ever had before.
    pub(super) fn random() -> Self {
        Self(crate::generation::random())
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let whole = bytes.len() == Self::LENGTH && bytes.iter().all(digit);
        let text = std::str::from_utf8(bytes).ok().filter(|_| whole)?;
        u128::from_str_radix(text, 16).ok().map(Self)
    }

    pub(super) fn write(self) -> [u8; Self::LENGTH] {
        let mut digits = [0; Self::LENGTH];
        for (index, digit) in digits.iter_mut().enumerate() {
            let nibble = (self.0 >> (4 * (Self::LENGTH - 1 - index))) & 0xf;
            *digit = b"0123456789abcdef"[nibble as usize];
        }
        digits
    }
}

/// The numbers that one server had when it was last asked. What is stored by a number that is no longer right
/// is found out in the same turn.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<Arc<str>, Number>>);

impl Remembered {
    fn map(&self) -> MutexGuard<'_, HashMap<Arc<str>, Number>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, name: &str) -> Option<Number> {
        self.map().get(name).copied()
    }

    pub(super) fn set(&self, name: &Arc<str>, number: Option<Number>) {
        let mut map = self.map();
        match number {
            None => drop(map.remove(name)),
            Some(number) => {
                if let Some(known) = map.get_mut(name) {
                    *known = number;
                    return;
                }
                if map.len() >= MOST {
                    map.clear();
                }
                map.insert(Arc::clone(name), number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_number_is_written_and_read_and_is_never_the_same() {
        let numbers: HashSet<u128> = (0..1_000).map(|_| Number::random().0).collect();
        assert_eq!(numbers.len(), 1_000);
        for number in numbers.into_iter().chain([0, 1, u128::MAX]) {
            let written = Number(number).write();
            assert_eq!(Number::read(&written), Some(Number(number)));
        }
        let short = [b'0'; 31];
        for wrong in [&b""[..], &short, &[b'g'; 32], &[b'A'; 32], &[b' '; 33]] {
            assert_eq!(Number::read(wrong), None);
        }
    }

    #[test]
    fn only_so_many_are_remembered() {
        let remembered = Remembered::default();
        for space in 0..3 * MOST {
            let name: Arc<str> = space.to_string().into();
            remembered.set(&name, Some(Number::random()));
            assert!(remembered.get(&name).is_some());
        }
        assert!(remembered.map().len() <= MOST);
        let name: Arc<str> = "again".into();
        for number in [Some(Number(1)), Some(Number(2)), None] {
            remembered.set(&name, number);
            assert_eq!(remembered.get(&name), number);
        }
    }
}
