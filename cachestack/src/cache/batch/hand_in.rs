//! What a batch computed: run, handed over and stored, or told to have failed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cachestack_backends::{Absent, AnyValue, Entry};

use super::{Answer, Batch, Brought, Led, drive, marked};
use crate::events::{Beside, Outcome, warn_failed};
use crate::flight::{Landed, Lead};

impl<'a> Batch<'a> {
    /// Runs what computes. A call from there that would wait for one of its keys computes too.
    pub(crate) fn run<R>(&self, compute: impl FnOnce() -> R) -> R {
        let leads: Vec<&Lead<'_>> = self.leads().collect();
        marked(&leads, compute)
    }

    /// The same for a future, which is marked while it is polled.
    pub(crate) async fn drive<F: Future>(&self, future: Pin<&mut F>) -> F::Output {
        let leads: Vec<&Lead<'_>> = self.leads().collect();
        drive(&leads, future).await
    }

    fn leads(&self) -> impl Iterator<Item = &Lead<'a>> {
        self.led.iter().filter_map(|led| led.lead.as_ref())
    }

    /// Gives what was computed to all who wait, and stores what is to be kept, with one `set_many` a layer. What
    /// was invalidated meanwhile is stored nowhere.
    pub(crate) async fn hand_in(&mut self, mut brought: impl FnMut(usize) -> Brought) {
        let (mut kept, mut absent) = (Vec::new(), Vec::new());
        let now = self.cache.0.stack.clock().now();
        self.end(Outcome::Computed, now);
        for mut led in std::mem::take(&mut self.led) {
            let brought = brought(led.number);
            let ttl = match &brought {
                Brought::Value(value, kept) => {
                    self.answers[led.number] = Some(Answer::Value(Arc::clone(value)));
                    if let Some(lead) = &mut led.lead {
                        lead.land(Landed::Value(Arc::clone(value)));
                    }
                    if !kept.stores() && led.way.is_some() {
                        self.note(Some(led.number), Outcome::Refused, Beside::default());
                    }
                    kept.stores().then_some(kept.ttl)
                }
                Brought::Nothing(ttl) => {
                    self.answers[led.number] = Some(Answer::Absent);
                    ttl.filter(|ttl| !ttl.is_zero()).map(Some)
                }
            };
            let is_absent = matches!(brought, Brought::Nothing(_));
            if let (Some(ttl), Some(_)) = (ttl, &led.way) {
                let (value, value_type, policy) = match brought {
                    Brought::Value(value, _) => (value, self.value_type, self.policy.as_ref()),
                    Brought::Nothing(_) => (Arc::new(Absent) as AnyValue, self.absent_type, None),
                };
                let entry = Entry::from_any(value, value_type, now);
                let entry = self.cache.timed(entry, now, ttl, policy);
                kept.push((led, entry, is_absent));
            } else if is_absent {
                absent.push(led);
            }
        }
        absent.into_iter().for_each(Led::end_absent);
        self.store(kept).await;
    }

    /// Stores entries, and ends the flights of their keys.
    async fn store(&mut self, kept: Vec<(Led<'a>, Entry, bool)>) {
        let entries = kept.iter().filter_map(|(led, entry, _)| {
            let (key, passage) = led.way.as_ref()?;
            Some((key.clone(), entry.clone(), passage))
        });
        match self.cache.0.stack.store_many(entries.collect()).await {
            Ok(overtaken) => {
                // Each of them has a way, so the places are the same.
                let fenced = overtaken.into_iter().map(|place| kept[place].0.number);
                fenced.for_each(|it| self.note(Some(it), Outcome::Fenced, Beside::default()));
            }
            Err(error) => {
                warn_failed("store", &error);
                self.note(None, Outcome::FailedOpen, Beside::default());
            }
        }
        // Who comes for what is absent begins anew, so it must find that in the store.
        let absent = kept.into_iter().filter(|(_, _, is_absent)| *is_absent);
        absent.for_each(|(led, ..)| led.end_absent());
    }

    /// The computation failed. With a failure that can be shared, those who wait get it; else they compute.
    pub(crate) fn fail(&mut self, shared: Option<&AnyValue>) {
        let now = self.cache.0.stack.clock().now();
        for _ in &self.led {
            self.cache.count(Some(self.origin), Outcome::Failed);
        }
        self.end(Outcome::Failed, now);
        for led in self.led.drain(..) {
            match (led.lead, shared) {
                (Some(mut lead), Some(shared)) => lead.land(Landed::Failure(Arc::clone(shared))),
                (Some(lead), None) => lead.fail(),
                (None, _) => {}
            }
        }
        self.tell();
    }

    /// Ends with the failure of another call's computation of that key. What the batch leads is handed over.
    pub(crate) fn shares(mut self, number: usize) {
        self.note(Some(number), Outcome::Coalesced, Beside::default());
        self.claimed.clear();
        self.led.clear();
        self.waiting.clear();
        self.tell();
    }

    /// Ends with a computation that brought nothing that can be told apart. What the batch leads is handed over, and what
    /// it would wait for is computed without it.
    pub(crate) fn discard(mut self) {
        let now = self.cache.0.stack.clock().now();
        self.end(Outcome::Computed, now);
        self.claimed.clear();
        self.led.clear();
        for waiting in std::mem::take(&mut self.waiting) {
            self.note(Some(waiting.number), Outcome::Computed, Beside::default());
        }
        self.tell();
    }

    /// What there is under each key.
    pub(crate) fn into_answers(mut self) -> Vec<Option<Answer>> {
        self.tell();
        self.answers
    }
}
