//! What of a layer's answers counts, and what becomes of it.

use smallvec::SmallVec;

use super::{Answers, Descent, Item};
use crate::backend::Lookup;
use crate::entry::Entry;
use crate::generation::Number;
use crate::tiered::copy::Above;

impl Descent<'_> {
    /// Takes the numbers out of what a layer said, and gives back the rest.
    pub(super) async fn note_numbers(
        &mut self,
        index: usize,
        answers: Answers,
    ) -> SmallVec<[(usize, Option<Lookup>); 2]> {
        let mut others = SmallVec::new();
        for (item, answer) in answers {
            let mark = match item {
                Item::Want(i) => {
                    others.push((i, answer));
                    continue;
                }
                Item::Mark(i) => &mut self.marks[i],
            };
            match answer.map(Lookup::hit) {
                None => {
                    mark.unanswered = true;
                    mark.passed.push(Above::Keep);
                }
                Some(entry) => match entry.as_ref().and_then(Number::of) {
                    None => mark.passed.push(Above::Missed),
                    Some(number) if self.stack.0.doubts(index, mark, number) => {
                        mark.passed.push(Above::Missed);
                    }
                    Some(number) => {
                        self.stack.0.learn(mark, number);
                        if let (Some(entry), false) = (entry, mark.live.has_ended()) {
                            let (key, token) = (mark.live.mark(), &mark.token);
                            self.stack
                                .copy_up(key, &entry, index, &mark.passed, token)
                                .await;
                        }
                    }
                },
            }
        }
        others
    }

    /// What of a layer's answers are hits, and what becomes of them.
    pub(super) async fn judge(
        &mut self,
        index: usize,
        answers: SmallVec<[(usize, Option<Lookup>); 2]>,
    ) {
        let stack = self.stack;
        let typed = stack.0.layers[index].is_plain();
        let mut found = SmallVec::<[(usize, Entry); 1]>::new();
        for (i, answer) in answers {
            let want = &mut self.wants[i];
            match answer.map(|it| stack.0.checked(it, want.value_type)) {
                Some(Lookup::Hit(entry)) => found.push((i, entry)),
                Some(Lookup::Miss) => want.passed.push(Above::Missed),
                Some(Lookup::Mismatch) => {
                    want.mismatch = true;
                    want.passed.push(Above::Keep);
                }
                None => want.passed.push(Above::Keep),
            }
        }
        if !typed {
            for (i, entry) in &found {
                self.resolve(self.wants[*i].key.namespace(), entry).await;
            }
        }
        for (i, entry) in found {
            let want = &mut self.wants[i];
            let entry = match typed {
                true => Some(entry),
                false => stack.0.with_lives(want.key, entry, &self.marks, want.waits),
            };
            let Some(entry) = entry else {
                stack.0.report.counters.outdated.add(1);
                want.passed.push(Above::Missed);
                continue;
            };
            let (key, token) = (want.key, want.token);
            if !(self.is_good)(&entry) {
                let is_newer = |known: &(Entry, usize)| known.0.is_staler_than(&entry);
                if want.second.as_ref().is_none_or(is_newer) {
                    want.second = Some((entry, index));
                }
                want.passed.push(Above::Missed);
                continue;
            }
            match entry.is_outdated() {
                // It is its caller's, who asked before the invalidation ended, and nobody else's.
                true => stack.0.report.counters.fenced.add(1),
                false => stack.copy_up(key, &entry, index, &want.passed, token).await,
            }
            want.mismatch = false;
            want.found = Some(entry);
            want.found_in = Some(index);
        }
    }
}
