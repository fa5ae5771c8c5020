//! On the way to the answers: claiming keys, looking them up, and waiting for those of others.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use cachestack_backends::Lookup as Found;

use super::{Answer, Asked, Batch, Led, Next, Waiting, drive, land};
use crate::events::{Beside, Outcome, warn_failed};
use crate::flight::{Claimed, Landed, Lease, Role};

impl<'a> Batch<'a> {
    /// Takes a key at once where nobody has to wait for it.
    pub(super) fn claim(&mut self, number: usize, asked: Asked) {
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
            let watch = || passage.watch();
            let (epoch, id) = (passage.epoch(), value_type.id());
            let claimed = cache.flights.claim(key.digest(), epoch, id, lease, watch);
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
                self.begin();
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
}
