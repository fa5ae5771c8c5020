//! Which generation is the current one of each name.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::live::Live;
use crate::fence::DigestHasher;
use crate::key::{Key, KeyDigest};

const SHARDS: usize = 16;
/// A shard of fewer names is not swept by itself.
const FEW: usize = 32;

/// The current generations of one store, for as long as an entry or a look-up holds them.
#[derive(Default)]
pub(crate) struct Table {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    names: HashMap<KeyDigest, Weak<Live>, BuildHasherDefault<DigestHasher>>,
    /// With so many names it is swept: twice as many as were held the last time.
    sweep_at: usize,
}

impl Shard {
    fn sweep(&mut self) {
        self.names.retain(|_, live| live.strong_count() > 0);
        if self.names.capacity() > 4 * self.names.len().max(FEW) {
            self.names.shrink_to_fit();
        }
        self.sweep_at = (2 * self.names.len()).max(FEW);
    }

    fn install(&mut self, live: &Arc<Live>) {
        if self.names.len() >= self.sweep_at.max(FEW) {
            self.sweep();
        }
        let mark = live.mark().digest();
        if let Some(before) = self.names.insert(mark, Arc::downgrade(live)) {
            if let Some(before) = before.upgrade() {
                before.end();
            }
        }
    }

    fn current(&self, mark: KeyDigest) -> Option<Arc<Live>> {
        self.names.get(&mark)?.upgrade()
    }
}

impl Table {
    fn shard(&self, mark: KeyDigest) -> MutexGuard<'_, Shard> {
        let index = (mark.0 >> 64) as usize % SHARDS;
        self.shards[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The current generation of the name that is kept there; a new one where nobody holds any.
    pub(crate) fn current(&self, mark: &Key) -> Arc<Live> {
        let mut shard = self.shard(mark.digest());
        if let Some(live) = shard.current(mark.digest()) {
            return live;
        }
        let live = Arc::new(Live::new(mark.clone()));
        shard.install(&live);
        live
    }

    /// Ends the current generation of a name, whichever that is, and puts a new one in its place, of that
    /// number where there is one.
    pub(crate) fn renew(&self, mark: &Key, number: Option<u128>) -> Arc<Live> {
        let live = Live::new(mark.clone());
        if let Some(number) = number {
            live.number_or(|| number);
        }
        let live = Arc::new(live);
        self.shard(mark.digest()).install(&live);
        live
    }

    /// Ends that generation and puts one of another number in its place, unless it is not the current one any
    /// more.
    pub(crate) fn supersede(&self, live: &Arc<Live>, number: u128) -> Option<Arc<Live>> {
        let mark = live.mark();
        let mut shard = self.shard(mark.digest());
        let is_current = shard
            .names
            .get(&mark.digest())
            .is_some_and(|current| std::ptr::eq(current.as_ptr(), Arc::as_ptr(live)));
        if !is_current {
            return None;
        }
        let next = Live::new(mark.clone());
        next.number_or(|| number);
        let next = Arc::new(next);
        shard.install(&next);
        Some(next)
    }

    /// Forgets the names that nobody holds.
    pub(crate) fn sweep(&self) {
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).sweep();
        }
    }

    /// How many names are in it, those that nobody holds any more and that were not swept yet included.
    pub(crate) fn len(&self) -> usize {
        let len = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.names.len()
        };
        self.shards.iter().map(len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Lives, mark_of, random};
    use super::*;
    use crate::key::Namespace;

    fn mark(name: &str) -> Key {
        mark_of(&Namespace::new("shop"), name)
    }

    #[test]
    fn a_name_has_one_generation_until_it_is_renewed() {
        let table = Table::default();
        let (a, b) = (table.current(&mark("a")), table.current(&mark("b")));
        assert!(Arc::ptr_eq(&a, &table.current(&mark("a"))));
        let renewed = table.renew(&mark("a"), Some(7));
        assert!(a.has_ended() && !renewed.has_ended() && !b.has_ended());
        assert!(renewed.id() > a.id());
        assert_eq!(renewed.number(), Some(7));
        assert!(Arc::ptr_eq(&renewed, &table.current(&mark("a"))));
    }

    #[test]
    fn another_number_takes_the_place_of_the_current_generation_only() {
        let table = Table::default();
        let first = table.current(&mark("a"));
        let second = table.supersede(&first, 2).unwrap();
        assert!(first.has_ended());
        assert!(table.supersede(&first, 3).is_none());
        assert!(!second.has_ended());
        let renewed = table.renew(&mark("a"), None);
        assert!(table.supersede(&second, 3).is_none());
        assert!(!renewed.has_ended());
    }

    #[test]
    fn entries_of_one_function_share_what_they_depend_on_until_that_is_another() {
        let table = Table::default();
        let (space, function) = (table.current(&mark("@")), table.current(&mark("@fn:f")));
        let (here, there) = (KeyDigest(1), KeyDigest(2 << 96));
        let lives: Lives = [space, Arc::clone(&function)].into_iter().collect();
        let first = function.shared(&lives, here);
        assert!(Arc::ptr_eq(&first, &function.shared(&lives, here)));
        assert!(!Arc::ptr_eq(&first, &function.shared(&lives, there)));
        let cleared: Lives = [table.renew(&mark("@"), None), Arc::clone(&function)]
            .into_iter()
            .collect();
        let second = function.shared(&cleared, here);
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(first.lives()[0].has_ended() && !second.lives()[0].has_ended());
        let gone = Arc::downgrade(&second);
        drop(second);
        assert!(gone.upgrade().is_none(), "entries alone keep it");
    }

    #[test]
    fn a_generation_that_nobody_holds_is_forgotten() {
        let table = Table::default();
        let first = table.current(&mark("a"));
        let id = first.id();
        drop(first);
        assert!(table.current(&mark("a")).id() > id);
    }

    #[test]
    fn the_table_is_empty_when_nobody_holds_any_and_it_never_grows_without_bound() {
        let table = Table::default();
        let held: Vec<_> = (0..100)
            .map(|i| table.current(&mark(&format!("held {i}"))))
            .collect();
        for i in 0..100_000 {
            drop(table.current(&mark(&format!("tag {i}"))));
        }
        // Twice what is held, and what is too few to be swept.
        assert!(table.len() <= 2 * held.len() + 2 * SHARDS * FEW);
        table.sweep();
        assert_eq!(table.len(), held.len());
        drop(held);
        table.sweep();
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn random_numbers_are_never_the_same() {
        let numbers: std::collections::HashSet<u128> = (0..1_000).map(|_| random()).collect();
        assert_eq!(numbers.len(), 1_000);
    }
}
