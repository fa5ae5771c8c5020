//! Looking up or computing several keys at once, a flight a key.
//!
//! A batch claims every key that nobody computes, without waiting, and looks those up together. What is missing
//! of them is computed, stored and handed over. Only then, when it leads no flight, does it wait for the keys
//! that others compute: so two batches never wait for each other, in whatever order they want their keys. When
//! a wait ends with the turn to compute, the batch stops waiting, and begins again with the keys it leads by then.
//! So a second round is only for keys whose other leader failed, was dropped, or did not come to an end within
//! its lease, and each round answers one key at least.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};
use std::time::Duration;

use cachestack_backends::{
    Absent, AnyValue, Dependency, Entry, Key, Lookup as Found, Moment, Passage, ValueType,
};

use super::freshness::Policy;
use super::{Cache, Kept};
use crate::events::{Beside, Origin, Outcome, warn_failed};
use crate::flight::{Claimed, Landed, Lead, Lease, Overtaken, Role, Wait};

/// A key of a batch, with what an entry under it depends on beside its namespace.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) key: Key,
    pub(crate) on: Vec<Dependency>,
}

/// What there is under a key.
#[derive(Clone)]
pub(crate) enum Answer {
    Value(AnyValue),
    Absent,
}

impl Answer {
    fn of(value: &AnyValue) -> Self {
        match value.is::<Absent>() {
            true => Self::Absent,
            false => Self::Value(Arc::clone(value)),
        }
    }
}

/// What the computation came to for one key.
pub(crate) enum Brought {
    Value(AnyValue, Kept),
    /// Nothing, which is kept for so long, if it is.
    Nothing(Option<Duration>),
}

/// What is next.
pub(crate) enum Next {
    /// To compute the keys of these numbers, and to hand in what that comes to.
    Compute(Vec<usize>),
    /// Another call's computation of the key of that number failed, and its failure is shared.
    Failed(usize, AnyValue),
    /// Nothing: every key has its answer.
    Done,
}

/// Several different keys on the way to their answers. Dropped early, it hands over every key that it leads.
pub(crate) struct Batch<'a> {
    cache: &'a Cache,
    value_type: &'static ValueType,
    /// What stands for absence.
    absent_type: &'static ValueType,
    answers: Vec<Option<Answer>>,
    /// By what the values get their times.
    policy: Option<Arc<Policy>>,
    /// Not looked up yet.
    claimed: Vec<Led<'a>>,
    /// To be computed.
    led: Vec<Led<'a>>,
    waiting: Vec<Waiting<'a>>,
    failure: Option<(usize, AnyValue)>,
    origin: Origin,
    keys: Vec<Key>,
    /// What is to be told when the batch leads nothing any more.
    untold: Vec<(Option<usize>, Outcome, Beside)>,
    /// When the computation began that is under way.
    began: Option<Moment>,
    /// Whether the cache was closed, and takes no part.
    is_closed: bool,
    /// Whether all is computed, whatever there is.
    new: bool,
}

/// A key that the batch computes, or may have to.
struct Led<'a> {
    number: usize,
    /// None where others may compute it as well.
    lead: Option<Lead<'a>>,
    /// None where nothing is stored. Behind the lead, which ends while the passage still holds.
    way: Option<(Key, Passage)>,
}

/// A key that somebody else computes.
struct Waiting<'a> {
    number: usize,
    key: Key,
    wait: Wait<'a, 'a>,
    passage: Passage,
}

impl Cache {
    /// Begins with several different keys. With `new` they are all computed, whatever there is, and others who look for
    /// them meanwhile compute for themselves. `value_type` is one to which absence is an answer.
    pub(crate) fn batch(
        &self,
        asked: Vec<Asked>,
        value_type: &'static ValueType,
        policy: Option<Arc<Policy>>,
        (origin, new): (Origin, bool),
    ) -> Batch<'_> {
        let mut batch = Batch {
            cache: self,
            value_type,
            absent_type: match value_type.is_local() {
                true => ValueType::local::<Absent>(),
                false => ValueType::of::<Absent>(),
            },
            answers: asked.iter().map(|_| None).collect(),
            keys: asked.iter().map(|it| it.key.clone()).collect(),
            origin,
            untold: Vec::new(),
            began: None,
            is_closed: self.is_closed(),
            new,
            policy,
            claimed: Vec::new(),
            led: Vec::new(),
            waiting: Vec::new(),
            failure: None,
        };
        let is_closed = batch.is_closed;
        for (number, asked) in asked.into_iter().enumerate() {
            match is_closed {
                true => {
                    batch.note(Some(number), Outcome::Uncached, Beside::default());
                    batch.led.push(Led {
                        number,
                        lead: None,
                        way: None,
                    });
                }
                false => batch.claim(number, asked),
            }
        }
        batch
    }
}

impl<'a> Batch<'a> {
    /// The full key of a text.
    pub(crate) fn key(&self, text: &str) -> Key {
        self.cache.key(text)
    }

    /// Takes a key at once where nobody has to wait for it.
    fn claim(&mut self, number: usize, asked: Asked) {
        let (cache, value_type) = (&*self.cache.0, self.value_type);
        let Asked { key, on } = asked;
        if !self.new {
            let seen = self.cache.peek(key.digest(), value_type);
            if let Some(entry) = seen.filter(|it| self.cache.is_fresh(it)) {
                self.found(number, Answer::of(entry.any()), Some(0));
                return;
            }
        }
        let passage = cache.stack.passage_depending(&key, &on);
        let mut lead = None;
        if !self.new {
            let lease = Lease::new(cache.stack.clock(), cache.wait);
            let overtaken = || {
                let watch = passage.watch();
                Box::new(move || watch.is_overtaken()) as Overtaken
            };
            let (epoch, id) = (passage.epoch(), value_type.id());
            let claimed = cache
                .flights
                .claim(key.digest(), epoch, id, lease, overtaken);
            match claimed {
                Claimed::Lead(free) => lead = Some(free),
                Claimed::Others(wait) => {
                    self.waiting.push(Waiting {
                        number,
                        key,
                        wait,
                        passage,
                    });
                    return;
                }
            }
        }
        self.claimed.push(Led {
            number,
            lead,
            way: Some((key, passage)),
        });
    }

    /// Goes on until something is to be computed, or everything is there.
    pub(crate) async fn next(&mut self) -> Next {
        loop {
            if !self.claimed.is_empty() {
                self.look_up().await;
            }
            if let Some((number, failure)) = self.failure.take() {
                return Next::Failed(number, failure);
            }
            if !self.led.is_empty() {
                self.began = Some(self.cache.0.stack.clock().now());
                return Next::Compute(self.led.iter().map(|it| it.number).collect());
            }
            if self.waiting.is_empty() {
                return Next::Done;
            }
            poll_fn(|context| self.wait(context)).await;
        }
    }

    /// The same apart from its caller's future, which is to stay small.
    #[inline(never)]
    pub(crate) fn next_apart(&mut self) -> Pin<Box<impl Future<Output = Next> + use<'_, 'a>>> {
        Box::pin(self.next())
    }

    /// Looks into every layer for what the batch leads. What is there goes to all who wait for it.
    async fn look_up(&mut self) {
        // Dropped in the middle of it, they are handed over.
        let mut claimed = std::mem::take(&mut self.claimed);
        let found = {
            let (mut wanted, mut leads) = (Vec::new(), Vec::new());
            for led in &mut claimed {
                leads.extend(&led.lead);
                wanted.extend(led.way.as_mut().map(|(key, passage)| (&*key, passage)));
            }
            let stack = &self.cache.0.stack;
            let looking = pin!(stack.look_up_many(&mut wanted, self.value_type));
            drive(&leads, looking).await
        };
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                warn_failed("look-up", &error);
                self.note(None, Outcome::FailedOpen, Beside::default());
                Vec::new()
            }
        };
        let mut found = found.into_iter().map(Found::hit);
        for led in claimed {
            let entry = found.next().flatten();
            let entry = entry.filter(|entry| self.value_type.describes(entry.any()));
            // Of what is stale nothing is served here.
            let entry = entry.filter(|entry| !self.new && self.cache.is_fresh(entry));
            let Some(entry) = entry else {
                self.led.push(led);
                continue;
            };
            let answer = Answer::of(entry.any());
            // What was invalidated meanwhile is this caller's, who asked before, and nobody else's.
            if let (Some(lead), false) = (led.lead, entry.is_outdated()) {
                land(lead, &answer);
            }
            let layer = led.way.and_then(|(_, passage)| passage.found_in());
            self.found(led.number, answer, layer);
        }
    }

    /// Waits for what others compute, until that is all there or something is to be computed here.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for mut waiting in std::mem::take(&mut self.waiting) {
            let Poll::Ready(role) = Pin::new(&mut waiting.wait).poll(context) else {
                self.waiting.push(waiting);
                continue;
            };
            let number = waiting.number;
            match role {
                Role::Take(landed) => {
                    match landed {
                        Landed::Value(value) if self.value_type.describes(&value) => {
                            self.note(Some(number), Outcome::Coalesced, Beside::default());
                            self.answers[number] = Some(Answer::of(&value));
                        }
                        // That there is nothing, or nothing new, which is no answer here.
                        Landed::Value(_) | Landed::Old(_) => self.claimed.push(Led {
                            number,
                            lead: None,
                            way: Some((waiting.key, waiting.passage)),
                        }),
                        Landed::Failure(failure) if self.failure.is_none() => {
                            self.failure = Some((number, failure));
                        }
                        Landed::Failure(_) => self.alone(number),
                    }
                }
                Role::Lead(lead) => self.claimed.push(Led {
                    number,
                    lead: Some(lead),
                    way: Some((waiting.key, waiting.passage)),
                }),
            }
        }
        let goes_on = !self.claimed.is_empty() || !self.led.is_empty() || self.failure.is_some();
        if goes_on {
            // Nobody is to rely on this batch for a key while it computes others.
            self.waiting.iter_mut().for_each(|it| it.wait.rest());
        }
        match goes_on || self.waiting.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Has the batch compute a key for itself, as what others made of it is not its answer.
    pub(crate) fn alone(&mut self, number: usize) {
        self.led.push(Led {
            number,
            lead: None,
            way: None,
        });
    }

    /// Ends with the failure of another call's computation of that key. What the batch leads is handed over.
    pub(crate) fn shares(mut self, number: usize) {
        self.note(Some(number), Outcome::Coalesced, Beside::default());
        self.claimed.clear();
        self.led.clear();
        self.waiting.clear();
        self.tell();
    }

    /// Ends with a computation that brought nothing that can be told apart. What the batch leads is handed over.
    pub(crate) fn discard(mut self) {
        let now = self.cache.0.stack.clock().now();
        self.end(Outcome::Computed, now);
        self.claimed.clear();
        self.led.clear();
        self.waiting.clear();
        self.tell();
    }

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
        let entries: Vec<_> = entries.collect();
        let asked = entries.len();
        match self.cache.0.stack.store_many(entries).await {
            Ok(stored) => {
                let fenced = asked.saturating_sub(stored);
                (0..fenced).for_each(|_| self.note(None, Outcome::Fenced, Beside::default()));
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
        self.cache.count(Some(self.origin), Outcome::Failed);
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

    /// What there is under each key.
    pub(crate) fn into_answers(mut self) -> Vec<Option<Answer>> {
        self.tell();
        self.answers
    }

    fn found(&mut self, number: usize, answer: Answer, layer: Option<usize>) {
        self.answers[number] = Some(answer);
        let beside = Beside { layer, took: None };
        self.note(Some(number), Outcome::Hit, beside);
    }

    /// The computation that is under way ended so.
    fn end(&mut self, outcome: Outcome, now: Moment) {
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
            // A failure is counted once, as it is one computation; each of its keys was computed.
            self.cache.count(Some(self.origin), Outcome::Computed);
            self.untold.push((Some(number), outcome, beside));
        }
    }

    /// Counts what became of a key, to be told later.
    fn note(&mut self, number: Option<usize>, outcome: Outcome, beside: Beside) {
        match (outcome, beside.layer) {
            (Outcome::Hit, Some(layer)) => self.origin.counters.hit(layer),
            _ => self.cache.count(Some(self.origin), outcome),
        }
        self.untold.push((number, outcome, beside));
    }

    /// Tells what became of the keys. Nobody waits for the batch any more.
    fn tell(&mut self) {
        for (number, outcome, beside) in std::mem::take(&mut self.untold) {
            let key = number.map(|number| self.keys[number].text());
            self.cache.announce(Some(self.origin), outcome, key, beside);
        }
    }
}

impl Led<'_> {
    fn end_absent(self) {
        if let Some(lead) = self.lead {
            land(lead, &Answer::Absent);
        }
    }
}

/// Ends a flight whose result is in a store, or is not to be there. Absence is no answer to those who look for a value:
/// they are to join another flight and not this one again.
fn land(mut lead: Lead<'_>, answer: &Answer) {
    match answer {
        Answer::Value(value) => lead.land(Landed::Value(Arc::clone(value))),
        Answer::Absent => lead.land_last(Landed::Value(Arc::new(Absent))),
    }
}

fn marked<R>(leads: &[&Lead<'_>], run: impl FnOnce() -> R) -> R {
    let _marks: Vec<_> = leads.iter().map(|lead| lead.mark()).collect();
    run()
}

/// Polls what goes on for those keys.
async fn drive<F: Future>(leads: &[&Lead<'_>], mut future: Pin<&mut F>) -> F::Output {
    let mut thread: Option<ThreadId> = leads.first().map(|lead| lead.began_on());
    poll_fn(|context| {
        let here = thread::current().id();
        if thread.replace(here) != Some(here) {
            leads.iter().for_each(|lead| lead.moved());
        }
        marked(leads, || future.as_mut().poll(context))
    })
    .await
}
