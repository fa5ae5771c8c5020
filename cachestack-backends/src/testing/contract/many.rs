//! Several keys at once.

use std::sync::Arc;

use super::steps::{MINUTE, PAST, SHORT, key, succeed, text};
use crate::backend::{Backend, Lookup};
use crate::entry::{Entry, ValueType};
use crate::key::Key;
use crate::testing::Subject;

/// `get_many` answers in the order of the keys, and a key asked twice is answered twice.
pub async fn get_many_answers_in_order_and_duplicates(subject: &Subject) {
    let keys: Vec<Key> = (0..40).map(|number| key(&format!("k{number}"))).collect();
    for number in (0..40_u64).filter(|number| number % 3 != 0) {
        subject.put(&keys[number as usize], number).await;
    }
    let asked: Vec<u64> = (0..40).rev().chain([7, 7, 0, 0, 7]).collect();
    let asked_keys: Vec<Key> = asked
        .iter()
        .map(|&number| keys[number as usize].clone())
        .collect();
    // Twice: a stack answers the second time from higher up.
    for _ in 0..2 {
        let found = subject.look_up_many::<u64>(&asked_keys).await;
        assert_eq!(found.len(), asked.len());
        for (number, found) in asked.iter().zip(found) {
            let value = found.hit().map(|entry| entry.value::<u64>().copied());
            let expected = (number % 3 != 0).then_some(Some(*number));
            assert_eq!(value, expected, "for number {number}");
        }
    }
}

/// `get_many` answers as `get` does: a hit, a miss, and a mismatch for another type.
pub async fn get_many_of_one_type_among_others(subject: &Subject) {
    let keys = ["number", "text", "nothing", "ended"].map(key);
    subject.put(&keys[0], 7_u64).await;
    subject.put(&keys[1], text("seven")).await;
    subject.set(&keys[3], subject.lasting(7_u64, SHORT)).await;
    subject.advance(PAST).await;
    let found = subject.look_up_many::<u64>(&keys).await;
    let answers = found.iter().map(|found| match found {
        Lookup::Hit(_) => "hit",
        Lookup::Miss => "miss",
        Lookup::Mismatch => "mismatch",
    });
    assert_eq!(
        answers.collect::<Vec<_>>(),
        ["hit", "mismatch", "miss", "miss"]
    );
}

/// Each key is asked for as a type of its own, one key as two types too.
pub async fn get_many_of_several_types(subject: &Subject) {
    let (number, word, nothing) = (key("number"), key("word"), key("nothing"));
    subject.put(&number, 7_u64).await;
    subject.put(&word, text("seven")).await;
    let (as_number, as_text) = (ValueType::of::<u64>(), ValueType::of::<String>());
    let asked = [
        (number.clone(), as_number),
        (word.clone(), as_text),
        (nothing, as_text),
        (word, as_number),
        (number, as_number),
    ];
    // Twice: a stack answers the second time from higher up.
    for _ in 0..2 {
        let found = succeed(subject.backend.get_many(&asked).await);
        assert_eq!(found.len(), asked.len());
        let numbers = [0, 4].map(|index: usize| found[index].clone().hit());
        for found in numbers {
            assert_eq!(found.and_then(|it| it.value::<u64>().copied()), Some(7));
        }
        let word = found[1].clone().hit();
        let word = word.and_then(|it| it.value::<String>().cloned());
        assert_eq!(word, Some(text("seven")));
        assert!(matches!(found[2], Lookup::Miss));
        assert!(matches!(found[3], Lookup::Mismatch));
    }
}

/// No keys give no answers, and there is nothing to store or delete.
pub async fn no_keys_give_no_answers(subject: &Subject) {
    let key = key("there");
    subject.put(&key, text("there")).await;
    assert!(subject.look_up_many::<String>(&[]).await.is_empty());
    succeed(subject.backend.set_many(Vec::new()).await);
    succeed(subject.backend.delete_many(&[]).await);
    subject.expect(&key, &text("there")).await;
}

/// `set_many` stores each entry with its own times, in place of what was there.
pub async fn set_many_stores_each(subject: &Subject) {
    let keys = ["a", "b", "c", "ended"].map(key);
    subject.put(&keys[0], text("old")).await;
    subject.put(&keys[3], text("old")).await;
    let short = subject.lasting(text("short"), SHORT);
    let entries = [
        subject.lasting(text("new"), MINUTE),
        short.clone(),
        subject.lasting(text("long"), MINUTE),
        subject.ended(text("ended")),
    ];
    succeed(
        subject
            .backend
            .set_many(keys.iter().cloned().zip(entries).collect())
            .await,
    );
    let found = subject.value::<String>(&keys[1]).await;
    assert!(
        found.is_some() || !short.is_live(subject.now()),
        "gone before its end"
    );
    subject.advance(PAST).await;
    subject.expect(&keys[0], &text("new")).await;
    subject.expect_nothing(&keys[1]).await;
    subject.expect(&keys[2], &text("long")).await;
    subject.expect_nothing(&keys[3]).await;
}

/// In `set_many` the last of several entries under one key wins.
pub async fn set_many_last_wins(subject: &Subject) {
    let (twice, once) = (key("twice"), key("once"));
    let entries = vec![
        (twice.clone(), subject.lasting(1_u64, MINUTE)),
        (once.clone(), subject.lasting(2_u64, MINUTE)),
        (twice.clone(), subject.lasting(3_u64, MINUTE)),
    ];
    succeed(subject.backend.set_many(entries).await);
    subject.expect(&twice, &3_u64).await;
    subject.expect(&once, &2_u64).await;
    let entries = vec![
        (twice.clone(), subject.lasting(4_u64, MINUTE)),
        (twice.clone(), subject.ended(5_u64)),
    ];
    succeed(subject.backend.set_many(entries).await);
    subject.expect_nothing(&twice).await;
}

/// A failure of a part is an error of the whole call.
pub async fn set_many_fails_whole_when_a_part_fails(subject: &Subject) {
    struct Local;
    let now = subject.now();
    let refused = Entry::from_any(Arc::new(Local), ValueType::local::<Local>(), now);
    let entries = vec![
        (key("first"), subject.lasting(1_u64, MINUTE)),
        (key("refused"), refused),
        (key("last"), subject.lasting(1_u64, MINUTE)),
    ];
    let set = subject.backend.set_many(entries).await;
    assert_eq!(set.is_ok(), subject.backend.info().typed, "{set:?}");
    if set.is_ok() {
        assert!(subject.exists(&key("refused")).await);
    }
}

/// `delete_many` deletes each key, asked for once or twice, there or not, and no other.
pub async fn delete_many_deletes_each_and_no_other(subject: &Subject) {
    let keys = ["a", "b", "c", "missing"].map(key);
    for key in &keys[..3] {
        subject.put(key, text("there")).await;
    }
    let deleted = [0, 2, 0, 3].map(|index: usize| keys[index].clone());
    succeed(subject.backend.delete_many(&deleted).await);
    subject.expect_nothing(&keys[0]).await;
    subject.expect(&keys[1], &text("there")).await;
    subject.expect_nothing(&keys[2]).await;
    succeed(subject.backend.delete_many(&keys[1..2]).await);
    subject.expect_nothing(&keys[1]).await;
}
