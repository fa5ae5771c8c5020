//! What becomes of each key of a batch: counted at once, told when nobody waits for it any more.

use cachestack_backends::Moment;

use super::{Answer, Batch};
use crate::events::{Beside, Outcome};

impl Batch<'_> {
    pub(super) fn found(&mut self, number: usize, answer: Answer, layer: Option<usize>) {
        self.answers[number] = Some(answer);
        let beside = Beside { layer, took: None };
        self.note(Some(number), Outcome::Hit, beside);
    }

    /// The computation of all that is led begins.
    pub(super) fn begin(&mut self) {
        self.began = Some(self.cache.0.stack.clock().now());
        // Without the cache they are counted as that.
        for _ in self.led.iter().filter(|_| !self.is_closed) {
            self.cache.count(Some(self.origin), Outcome::Computed);
        }
    }

    /// The computation that is under way ended so.
    pub(super) fn end(&mut self, outcome: Outcome, now: Moment) {
        let Some(began) = self.began.take().filter(|_| !self.is_closed) else {
            return;
        };
        let took = now.since(began);
        let computed: Vec<usize> = self.led.iter().map(|led| led.number).collect();
        if !computed.is_empty() {
            self.cache.time(Some(self.origin), took);
        }
        let beside = Beside {
            layer: None,
            took: Some(took),
        };
        for number in computed {
            self.untold.push((Some(number), outcome, beside));
        }
    }

    /// Counts what became of a key, to be told later.
    pub(super) fn note(&mut self, number: Option<usize>, outcome: Outcome, beside: Beside) {
        match (outcome, beside.layer) {
            (Outcome::Hit, Some(layer)) => self.origin.counters.hit(layer),
            _ => self.cache.count(Some(self.origin), outcome),
        }
        self.untold.push((number, outcome, beside));
    }

    /// Tells what became of the keys. Nobody waits for the batch any more.
    pub(super) fn tell(&mut self) {
        for (number, outcome, beside) in std::mem::take(&mut self.untold) {
            let key = number.map(|number| self.keys[number].text());
            self.cache.announce(Some(self.origin), outcome, key, beside);
        }
    }
}
