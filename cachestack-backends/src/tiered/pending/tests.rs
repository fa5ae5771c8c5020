//! What takes the place of what.

use super::state::SETTLE;
use super::*;
use crate::clock::Clock;

fn key(text: &str) -> Key {
    Key::new(&Namespace::new("shop"), text)
}

fn entry(value: u32) -> Entry {
    Entry::new(value, Clock::system().now())
}

fn held(pending: &Pending, text: &str) -> Option<u32> {
    match pending.look(&key(text)) {
        Some(Waiting::Held(entry)) => entry.value::<u32>().copied(),
        _ => None,
    }
}

fn is_barred(pending: &Pending, text: &str) -> bool {
    matches!(pending.look(&key(text)), Some(Waiting::Barred))
}

#[test]
fn the_newest_change_of_a_key_wins_and_answers_for_the_layer() {
    let pending = Pending::new(10);
    pending.put(&key("a"), What::Set(entry(1)), false);
    pending.put(&key("a"), What::Set(entry(2)), false);
    assert_eq!((pending.len(), held(&pending, "a")), (1, Some(2)));
    let batch = pending.batch(10);
    let version = batch.sets[0].2;
    pending.put(&key("a"), What::Delete, false);
    pending.delivered(&key("a"), version);
    assert!(is_barred(&pending, "a"), "a newer change waits");
    let batch = pending.batch(10);
    pending.delivered(&key("a"), batch.deletes[0].1);
    assert!(pending.look(&key("a")).is_none());
    assert!(pending.is_empty());
}

#[test]
fn an_uncertain_key_is_told_twice_and_barred_until_then() {
    let pending = Pending::new(10);
    pending.put(&key("a"), What::Delete, true);
    pending.settled(&key("a"));
    assert!(is_barred(&pending, "a"), "a direct write settles nothing");
    pending.delivered(&key("a"), pending.batch(10).deletes[0].1);
    assert!(is_barred(&pending, "a"));
    assert!(pending.batch(10).is_empty(), "not due yet");
    assert!(pending.due_in().unwrap() > SETTLE / 2);
    for change in pending.lock().keys.values_mut() {
        change.mark.due = Some(Instant::now());
    }
    pending.delivered(&key("a"), pending.batch(10).deletes[0].1);
    assert!(pending.is_empty());
}

#[test]
fn without_room_the_namespace_is_barred_until_it_is_cleared() {
    let pending = Pending::new(2);
    let elsewhere = Key::new(&Namespace::new("other"), "a");
    pending.put(&elsewhere, What::Delete, false);
    for text in ["a", "b", "c", "d"] {
        pending.put(&key(text), What::Delete, false);
    }
    assert_eq!(pending.overflowed.get(), 1);
    assert!(is_barred(&pending, "never heard of"));
    assert_eq!(pending.len(), 2, "the other namespace's key, and this one");
    let batch = pending.batch(10);
    assert_eq!((batch.clears.len(), batch.deletes.len()), (1, 1));
    // Two more come while the layer clears. For one there is room; for the other it is cleared again.
    pending.put(&key("e"), What::Delete, false);
    pending.put(&key("f"), What::Delete, false);
    pending.cleared(&batch.clears[0].0, batch.clears[0].1);
    assert!(is_barred(&pending, "e") && is_barred(&pending, "f"));
    let batch = pending.batch(10);
    pending.cleared(&batch.clears[0].0, batch.clears[0].1);
    assert!(is_barred(&pending, "e") && !is_barred(&pending, "f"));
    assert_eq!(pending.batch(10).deletes.len(), 2);
}

#[test]
fn a_clear_takes_the_place_of_what_waited_and_writes_come_after_it() {
    let pending = Pending::new(10);
    pending.put(&key("a"), What::Set(entry(1)), false);
    pending.put_clear(&Namespace::new("shop"));
    assert!(is_barred(&pending, "a"));
    pending.put(&key("b"), What::Set(entry(2)), false);
    assert_eq!(held(&pending, "b"), Some(2));
    let batch = pending.batch(10);
    assert!(batch.sets.is_empty());
    pending.cleared(&batch.clears[0].0, batch.clears[0].1);
    assert_eq!(pending.batch(10).sets.len(), 1);
    assert!(pending.look(&key("a")).is_none());
}

#[test]
fn what_a_layer_refuses_for_good_is_deleted_there_and_told_once() {
    let pending = Pending::new(10);
    pending.put(&key("a"), What::Set(entry(1)), false);
    let version = pending.batch(10).sets[0].2;
    let error = Error::new(crate::ErrorKind::TooLarge, "too large");
    pending.refused(&key("a"), version, error);
    assert_eq!(pending.batch(10).deletes.len(), 1);
    assert!(pending.take_refused().is_some());
    assert!(pending.take_refused().is_none());
}

#[test]
fn a_clear_that_failed_frees_what_is_deleted_until_it_succeeds() {
    let pending = Pending::new(10);
    let shop = Namespace::new("shop");
    pending.put_clear(&shop);
    let batch = pending.batch(10);
    pending.put(&key("a"), What::Delete, false);
    assert_eq!(
        pending.len(),
        2,
        "it comes after the clear that is under way"
    );
    pending.not_cleared(&shop);
    pending.put(&key("b"), What::Delete, false);
    pending.cleared(&shop, batch.clears[0].1);
    assert!(is_barred(&pending, "b"), "that was an older one");
    let batch = pending.batch(10);
    assert!(batch.deletes.is_empty(), "not before the clear");
    pending.cleared(&shop, batch.clears[0].1);
    assert_eq!((pending.len(), pending.batch(10).deletes.len()), (1, 1));
}

#[test]
fn what_settles_settles_once_more_with_what_replaces_it() {
    let pending = Pending::new(10);
    let shop = Namespace::new("shop");
    pending.put(&key("a"), What::Set(entry(1)), true);
    pending.put_clear(&shop);
    let batch = pending.batch(10);
    pending.cleared(&shop, batch.clears[0].1);
    assert!(is_barred(&pending, "a"), "it is cleared twice");
    // A newer clear starts at once, and so once more later.
    pending.put_clear(&shop);
    let batch = pending.batch(10);
    pending.cleared(&shop, batch.clears[0].1);
    assert!(is_barred(&pending, "a"));
    assert!(pending.batch(10).is_empty());
    assert!(pending.due_in().unwrap() > SETTLE / 2);
}

#[test]
fn what_waits_for_a_clear_is_due_after_it() {
    let pending = Pending::new(10);
    let shop = Namespace::new("shop");
    pending.put(&key("a"), What::Delete, true);
    pending.put_clear(&shop);
    pending.cleared(&shop, pending.batch(10).clears[0].1);
    pending.put(&key("b"), What::Set(entry(2)), false);
    assert!(pending.batch(10).is_empty());
    assert!(pending.due_in().unwrap() > SETTLE / 2);
}

#[test]
fn the_line_up_to_an_end_is_delivered_whatever_joins_it_later() {
    let pending = Pending::new(10);
    pending.put(&key("a"), What::Set(entry(1)), false);
    let end = pending.end();
    let version = pending.batch(10).sets[0].2;
    pending.put(&key("a"), What::Set(entry(2)), false);
    pending.put(&key("b"), What::Delete, false);
    assert!(pending.waits_up_to(end));
    pending.delivered(&key("a"), version);
    assert!(!pending.waits_up_to(end) && pending.len() == 2);
    assert!(pending.waits_up_to(pending.end()));
}
