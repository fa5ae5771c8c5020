//! Numbers of generations that one process copies from a lower store up into one that it shares with others.

use cachestack_backends::testing::{Fault, Faults, FaultyBackend, Method};
use cachestack_backends::{Clock, Codec, TieredCache, ValueType};

use super::generations::{get, invalidate, set, tag};
use super::shelf::Shelf;
use super::support::{begin, key, soon};
use super::until;

/// Two stores, one above the other, and processes on both.
struct Stores([Shelf; 2]);

struct Process {
    stack: TieredCache,
    upper: Faults,
    lower: Faults,
}

impl Stores {
    fn new() -> Self {
        Self([(); 2].map(|()| Shelf::new(Codec::Postcard, Clock::system())))
    }

    fn process(&self) -> Process {
        let shared = |shelf: &Shelf| {
            FaultyBackend::new(shelf.clone()).with_info(|info| info.shared(true).detached(true))
        };
        let [upper, lower] = self.0.each_ref().map(shared);
        let (faults, below) = (upper.faults(), lower.faults());
        let builder = TieredCache::builder().layer(upper).layer(lower);
        Process {
            stack: builder.build().unwrap(),
            upper: faults,
            lower: below,
        }
    }

    /// The upper store drops the numbers it has; whoever reads next copies them up.
    fn lose_above(&self) {
        assert!(self.0[0].evict(|stored| stored.starts_with("%g:")) > 0);
    }
}

/// Has a process read an old number below, whose copy hangs while another invalidates.
fn copy_late(stores: &Stores, copying: &Process, invalidating: &Process) {
    set(&invalidating.stack, "a", 1, &["red"]);
    stores.lose_above();
    copying.upper.inject(Method::Set, Fault::Hang);
    assert_eq!(get(&copying.stack, "a"), Some(1));
    // The numbers of the namespace and of the tag.
    soon(copying.upper.until_called(Method::Set, 2));
    invalidate(&invalidating.stack, "red");
}

#[test]
fn a_copy_of_a_number_that_comes_after_an_invalidation_of_another_process_goes_again() {
    let stores = Stores::new();
    let [ours, theirs] = [(); 2].map(|()| stores.process());
    copy_late(&stores, &ours, &theirs);
    ours.upper.heal();
    soon(ours.stack.flush()).unwrap();
    for process in [&theirs, &ours, &stores.process()] {
        assert_eq!(get(&process.stack, "a"), None);
    }
}

#[test]
fn who_knows_a_newer_number_takes_nothing_by_a_late_copy() {
    let stores = Stores::new();
    let [ours, theirs] = [(); 2].map(|()| stores.process());
    copy_late(&stores, &ours, &theirs);
    let (other, value_type) = (key("other"), ValueType::of::<u64>());
    let mut knows = theirs.stack.passage_depending(&other, &tag("red"));
    let looking = theirs.stack.look_up(&other, value_type, &mut knows);
    assert!(!soon(looking).unwrap().is_hit());
    // The copies have come, and whether they are right is not found out yet.
    ours.lower.inject(Method::Get, Fault::Hang);
    let asked = ours.lower.calls(Method::Get);
    ours.upper.heal();
    until(|| ours.lower.calls(Method::Get) == asked + 2);
    assert_eq!(get(&theirs.stack, "a"), None);
    assert!(knows.is_current());
    ours.lower.heal();
    let flushing = begin(async move { ours.stack.flush().await });
    flushing.join().unwrap().unwrap();
    assert_eq!(get(&stores.process().stack, "a"), None);
}
