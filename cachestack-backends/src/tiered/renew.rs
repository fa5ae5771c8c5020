//! Generations that are replaced: how tags, functions and namespaces are invalidated.
//!
//! First the generations end in this process; then other numbers are written to every layer that keeps numbers;
//! then whatever was taken meanwhile ends too. So what began before this returned holds one that has ended.

use std::sync::Arc;

use super::first_error::FirstError;
use super::stack::TieredCache;
use super::written::Written;
use crate::error::Result;
use crate::generation::{Live, Number, mark_of, random};
use crate::key::{Key, Namespace};

impl TieredCache {
    /// Ends the current generations of those names, and has others take their place in every layer. When this
    /// returns, whatever began before holds generations that have ended; when it succeeds, every layer has the
    /// numbers that count from now on.
    pub(super) async fn renew(&self, marks: Vec<Key>) -> Result<()> {
        let table = self.0.fence.generations();
        if !self.0.numbered {
            marks.iter().for_each(|mark| drop(table.renew(mark, None)));
            return Ok(());
        }
        let numbers: Vec<u128> = marks.iter().map(|_| random()).collect();
        let renewed = marks.iter().zip(&numbers);
        let _held: Vec<Arc<Live>> = renewed
            .map(|(mark, number)| table.renew(mark, Some(*number)))
            .collect();
        let renewal = Renewal {
            stack: self.clone(),
            marks,
            numbers,
            written: false,
        };
        let writing = renewal.write();
        match self.0.has_slow_layers() {
            true => self.to_the_end(writing).await,
            false => writing.await,
        }
    }
}

/// Numbers that are being replaced. When that ends, with success or not, what was read meanwhile ends with it.
struct Renewal {
    stack: TieredCache,
    marks: Vec<Key>,
    numbers: Vec<u128>,
    written: bool,
}

impl Renewal {
    async fn write(mut self) -> Result<()> {
        let stack = self.stack.clone();
        let now = stack.0.clock.now();
        for mark in &self.marks {
            stack.0.fence.advance(mark.digest(), || ());
        }
        let written = self.marks.iter().zip(&self.numbers).map(|(mark, number)| {
            let entry = Number::entry(*number, now).sharing_bytes();
            (mark.clone(), stack.0.written(entry))
        });
        let written: Vec<(Key, Written)> = written.collect();
        let mut failed = FirstError::default();
        let mut _guard = None;
        if stack.0.has_slow_layers() {
            let locked = stack.0.lock(self.marks.iter(), None).await;
            _guard = Some(locked.inspect_err(|_| stack.0.all_owe(self.marks.iter()))?);
            for (index, layer) in stack.0.slow_layers().rev() {
                if layer.keeps_numbers() {
                    failed.note_of(layer, layer.replace_many(&written, index).await);
                }
            }
        }
        let put = stack.put_many_in_memory(&written, failed);
        self.written = put.is_ok();
        put
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        let table = self.stack.0.fence.generations();
        for (mark, number) in self.marks.iter().zip(&self.numbers) {
            // What could not be written everywhere is asked for again.
            let live = table.renew(mark, self.written.then_some(*number));
            if self.written {
                live.keep();
            }
        }
    }
}

/// Where the numbers of a namespace and of what else is invalidated in it are kept, each once.
pub(super) fn marks_of<'a>(
    namespace: &Namespace,
    names: impl IntoIterator<Item = &'a str>,
) -> Vec<Key> {
    let names = names.into_iter();
    let mut marks: Vec<Key> = names.map(|name| mark_of(namespace, name)).collect();
    marks.sort_by_key(Key::digest);
    marks.dedup();
    marks
}
