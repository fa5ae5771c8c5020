//! Looking up or computing several keys at once, a flight a key.
//!
//! A batch claims every key that nobody computes, without waiting, and looks those up together. What is missing
//! of them is computed, stored and handed over. Only then, when it leads no flight, does it wait for the keys
//! that others compute: so two batches never wait for each other, in whatever order they want their keys. When
//! a wait ends with the turn to compute, the batch stops waiting, and begins again with the keys it leads by then.
//! So a second round is only for keys whose other leader failed, was dropped, or did not come to an end within
//! its lease, and each round answers one key at least.

//!
//! | file | what is in it |
//! |---|---|
//! | `way.rs` | on the way to the answers: claiming keys, looking them up, waiting for those of others |
//! | `hand_in.rs` | what was computed: run, handed over and stored, or failed |
//! | `tell.rs` | what becomes of each key, counted and told |

mod hand_in;
mod tell;
mod way;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use cachestack_backends::{Absent, AnyValue, Dependency, Key, Moment, Passage, ValueType};

use super::freshness::Policy;
use super::{Cache, Kept};
use crate::events::{Beside, Origin, Outcome};
use crate::flight::{Landed, Lead, Wait};

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

impl Batch<'_> {
    /// The full key of a text.
    pub(crate) fn key(&self, text: &str) -> Key {
        self.cache.key(text)
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
