//! The way down through the layers, for one key or several, with the numbers of the generations that what is
//! found must still have.
//!
//! Layers in memory hold the generations themselves. Every other layer is asked in one turn for the keys that
//! are still missing, and for the numbers that are not known yet; what it has is a hit when its numbers are
//! the current ones. Numbers are looked for further down only where a hit depends on them.

mod ask;
mod judge;

use smallvec::SmallVec;

use super::copy::{Above, Passed};
use super::numbers::{Mark, Reading};
use super::passage::Left;
use super::read::{Errors, Fresh};
use super::stack::TieredCache;
use crate::backend::Lookup;
use crate::entry::{Entry, ValueType};
use crate::fence::FenceToken;
use crate::generation::{Number, is_ours, mark_of};
use crate::key::{Key, Namespace};

/// A key on its way down.
pub(super) struct Want<'a> {
    key: &'a Key,
    value_type: &'static ValueType,
    token: &'a FenceToken,
    passed: Passed,
    found: Option<Entry>,
    /// The layer that had it.
    pub(super) found_in: Option<usize>,
    /// The newest that was found, with its layer, which is not good enough: one below may have a better one.
    second: Option<(Entry, usize)>,
    mismatch: bool,
    /// Whether it is what waits to be written to the layer that answered.
    waits: bool,
}

impl<'a> Want<'a> {
    pub(super) fn new(key: &'a Key, value_type: &'static ValueType, token: &'a FenceToken) -> Self {
        Self {
            key,
            value_type,
            token,
            passed: Passed::new(),
            found: None,
            found_in: None,
            second: None,
            mismatch: false,
            waits: false,
        }
    }

    /// What was found at the end.
    pub(super) fn answer(self) -> Lookup {
        match self.found {
            Some(entry) => Lookup::Hit(entry),
            None if self.mismatch => Lookup::Mismatch,
            None => Lookup::Miss,
        }
    }
}

/// What is asked of a layer.
#[derive(Clone, Copy)]
enum Item {
    Want(usize),
    Mark(usize),
}

type Items = SmallVec<[Item; 4]>;
type Answers = SmallVec<[(Item, Option<Lookup>); 4]>;

pub(super) struct Descent<'a> {
    stack: &'a TieredCache,
    left: &'a mut Left,
    pub(super) wants: SmallVec<[Want<'a>; 1]>,
    marks: Vec<Mark>,
    errors: Errors,
    is_good: Good<'a>,
}

/// Whether an entry ends the search for its key; one that does not is taken where there is no better one.
pub(super) type Good<'a> = &'a (dyn Fn(&Entry) -> bool + Sync);

impl<'a> Descent<'a> {
    pub(super) fn new(
        stack: &'a TieredCache,
        left: &'a mut Left,
        marks: Vec<Mark>,
        is_good: Good<'a>,
    ) -> Self {
        Self {
            stack,
            left,
            wants: SmallVec::new(),
            marks,
            errors: Errors::default(),
            is_good,
        }
    }

    pub(super) fn end(self) -> (Vec<Mark>, Errors) {
        (self.marks, self.errors)
    }

    /// Asks one layer after the other until every key is found, and copies what is found into those above.
    pub(super) async fn go_down(&mut self) {
        for index in 0..self.stack.0.layers.len() {
            let missing = |want: &Want<'_>| want.found.is_none();
            if !self.wants.iter().any(missing) {
                return self.settle().await;
            }
            self.visit(index).await;
        }
        self.settle().await;
        self.marks.iter_mut().for_each(Mark::end);
    }

    /// Asks for the numbers alone, in every layer that they are kept in.
    pub(super) async fn read_numbers(&mut self) {
        for index in 0..self.stack.0.layers.len() {
            let (stack, asked) = (self.stack, self.marks_at(index));
            let layer = &stack.0.layers[index];
            let answers = self.ask(layer, index, asked).await;
            self.note_numbers(index, answers).await;
        }
        self.marks.iter_mut().for_each(Mark::end);
    }

    async fn visit(&mut self, index: usize) {
        let stack = self.stack;
        let layer = &stack.0.layers[index];
        let mut asked = Items::new();
        for (i, want) in self.wants.iter_mut().enumerate() {
            if want.found.is_some() {
                continue;
            }
            want.waits = false;
            match layer.takes(want.value_type) {
                true => asked.push(Item::Want(i)),
                false => want.passed.push(Above::Keep),
            }
        }
        let marks = self.marks_at(index);
        if asked.is_empty() {
            // Nothing of that type is there, so no number is needed of it.
            marks.into_iter().for_each(|item| self.pass_by(item));
            return;
        }
        asked.extend(marks);
        let answers = self.ask(layer, index, asked).await;
        let answers = self.note_numbers(index, answers).await;
        self.judge(index, answers).await;
    }

    /// The numbers that are still wanted and have come down to that layer.
    fn marks_at(&mut self, index: usize) -> Items {
        let stack = self.stack;
        let layer = &stack.0.layers[index];
        let mut asked = Items::new();
        for (i, mark) in self.marks.iter_mut().enumerate() {
            if mark.reading != Reading::Wanted || mark.passed.len() != index {
                continue;
            }
            match layer.keeps_numbers() {
                true => asked.push(Item::Mark(i)),
                false => mark.passed.push(Above::Keep),
            }
        }
        asked
    }

    fn pass_by(&mut self, item: Item) {
        if let Item::Mark(i) = item {
            self.marks[i].unanswered = true;
            self.marks[i].passed.push(Above::Keep);
        }
    }

    fn wanted(&self, item: Item) -> (&Key, &'static ValueType) {
        match item {
            Item::Want(i) => (self.wants[i].key, self.wants[i].value_type),
            Item::Mark(i) => (self.marks[i].live.mark(), Number::TYPE),
        }
    }

    /// Takes the second best of what no layer has any better.
    async fn settle(&mut self) {
        for want in &mut self.wants {
            let second = want.second.take().filter(|_| want.found.is_none());
            let Some((entry, index)) = second else {
                continue;
            };
            if !entry.is_outdated() {
                let (key, passed, token) = (want.key, &want.passed, want.token);
                self.stack.copy_up(key, &entry, index, passed, token).await;
            }
            want.mismatch = false;
            want.found = Some(entry);
            want.found_in = Some(index);
        }
    }

    /// Finds out the numbers that a hit depends on and that are not known yet.
    pub(super) async fn resolve(&mut self, namespace: &Namespace, entry: &Entry) {
        if self.stack.0.is_replaced(namespace, entry, &self.marks) {
            // The rest would not save it.
            return;
        }
        let mut unknown = false;
        for generation in entry.generations().iter().filter(|it| is_ours(&it.name)) {
            let mark = mark_of(namespace, &generation.name);
            if let Some(known) = self.marks.iter().find(|it| *it.live.mark() == mark) {
                unknown |= known.reading == Reading::Wanted;
                continue;
            }
            let live = self.stack.0.fence.generations().current(&mark);
            let more = self.stack.0.marks(&[live], Fresh::Recently);
            unknown |= more.iter().any(|it| it.reading == Reading::Wanted);
            self.marks.extend(more);
        }
        if unknown {
            Box::pin(self.read_numbers()).await;
        }
    }
}
