//! One server: what is asked of it and written to it, in turns.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::connection::{Command, Turn, Values};
use super::error::{full, lost, too_large_for, unsettled};
use super::gather::{Gathering, Way};
use super::generation::{Number, Remembered};
use super::item::{self, Item};
use super::names::Name;
use super::pool::{Pool, Ready};
use super::reply::Status;
use super::store::Place;
use crate::error::{Error, Result};
use crate::network::timed_out;

/// How many keys one turn asks for.
const KEYS: usize = 1_000;
/// How many keys one turn writes, by two commands each.
const WRITES: usize = 500;
/// How many bytes of values one turn writes, unless a single one is longer.
const BYTES: usize = 1 << 20;
/// How often values are stored anew when their generation turns out to be another: it takes a clear each time.
const TRIES: usize = 64;

pub(super) struct Node {
    pub(super) pool: Pool,
    remembered: Remembered,
    gathering: Gathering,
    /// How long a turn of several callers may take.
    timeout: Duration,
}

impl Node {
    pub(super) fn new(pool: Pool, timeout: Duration) -> Self {
        Self {
            pool,
            remembered: Remembered::default(),
            gathering: Gathering::default(),
            timeout,
        }
    }

    /// What is in those of the places that are on this server, which has that number, with the numbers of their
    /// generations, and perhaps more: one turn for 1,000 keys, which may be one with those of other callers.
    ///
    /// # Errors
    /// As [`Pool::turn`].
    pub(super) async fn fetch(
        self: &Arc<Self>,
        places: &Arc<[Place]>,
        server: usize,
    ) -> Result<Arc<Values>> {
        let answered = match self.gathering.way(places) {
            Way::Alone(_under_way) => {
                let ready = self.pool.ready().await?;
                let found = self.ask(ready, &names(places, server)).await;
                return found.map(Arc::new);
            }
            Way::Together(answered, false) => answered,
            Way::Together(answered, true) => {
                Arc::clone(self).call(server);
                answered
            }
        };
        answered.await.unwrap_or_else(|error| Err(lost(error)))
    }

    /// Has those who wait be asked for, behind what the I/O thread has to do already.
    fn call(self: Arc<Self>, server: usize) {
        tokio::spawn(self.gather(server));
    }

    /// Asks for what several callers want, which is more the longer there is no connection free for it.
    async fn gather(self: Arc<Self>, server: usize) {
        let ready = match self.pool.ready().await {
            Ok(ready) => ready,
            Err(error) => return self.give_up(server, &error),
        };
        let (requests, _under_way, are_left) = self.gathering.take();
        if are_left {
            Arc::clone(&self).call(server);
        }
        if requests.is_empty() {
            return;
        }
        let asked = async {
            let each = requests
                .iter()
                .map(|request| names(&request.places, server));
            let all: Vec<&Name> = each.flatten().collect();
            let found = timeout(self.timeout, self.ask(ready, &all)).await;
            found.unwrap_or_else(|_| Err(timed_out(self.timeout, "no answer")))
        };
        let found = asked.await.map(Arc::new);
        for request in requests {
            request.answer(found.clone());
        }
    }

    /// No connection became free: that is told to those who have waited for one as long as they may.
    fn give_up(self: &Arc<Self>, server: usize, error: &Error) {
        let (late, are_left) = self.gathering.take_late(self.pool.patience());
        if are_left {
            Arc::clone(self).call(server);
        }
        for request in late {
            request.answer(Err(error.clone()));
        }
    }

    async fn ask(&self, ready: Ready<'_>, names: &[&Name]) -> Result<Values> {
        let (mut ready, mut found) = (Some(ready), Values::new());
        for names in names.chunks(KEYS) {
            let generations = generations(names.iter().copied());
            let keys = names.iter().map(|name| &*name.key);
            let mut asked: Vec<&str> = keys.chain(generations.iter().map(|it| &***it)).collect();
            asked.sort_unstable();
            asked.dedup();
            let commands = Vec::new();
            let turn = Turn { commands, asked };
            let values = match ready.take() {
                Some(ready) => ready.turn(&turn).await?.values,
                None => self.pool.turn(&turn).await?.values,
            };
            for generation in generations {
                let number = item::number_of(&values, generation);
                self.remembered.set(generation, number);
            }
            self.gathering.note(&values);
            match found.is_empty() {
                true => found = values,
                // Of a generation that was replaced meanwhile only the later number counts.
                false => found.extend(values),
            }
        }
        Ok(found)
    }

    /// Makes everything that was stored under a generation a miss. The next who stores makes a new one.
    ///
    /// # Errors
    /// As [`Pool::turn`].
    pub(super) async fn forget(&self, generation: &Arc<str>) -> Result<()> {
        let turn = Turn {
            commands: vec![Command::Delete(generation)],
            asked: Vec::new(),
        };
        self.pool.turn(&turn).await?;
        self.remembered.set(generation, None);
        Ok(())
    }

    /// Stores and deletes: one turn for 500 keys or 1 MiB, and a second one when a generation is not the one
    /// that was seen last. When the server refuses a value, nothing is left under its key, and the others
    /// are still written.
    ///
    /// # Errors
    /// As [`Pool::turn`]; [`TooLarge`](crate::ErrorKind::TooLarge), or
    /// [`Unavailable`](crate::ErrorKind::Unavailable) when the server is full.
    pub(super) async fn write(&self, mut items: Vec<Item>) -> Result<()> {
        let mut refused = None;
        let mut from = 0;
        while from < items.len() {
            let chunk = chunk(&items, from);
            from = chunk.end;
            let first = self.write_chunk(&mut items[chunk]).await?;
            refused = refused.or(first);
        }
        refused.map_or(Ok(()), Err)
    }

    /// Answers with the first value that the server refused.
    async fn write_chunk(&self, items: &mut [Item]) -> Result<Option<Error>> {
        let mut left: Vec<&mut Item> = items.iter_mut().collect();
        let (mut refused, mut foreign) = (None, HashSet::new());
        for _ in 0..TRIES {
            let stamps = self.stamps(&left, &foreign);
            for item in &mut left {
                item.stamp(&stamps);
            }
            let answer = self.pool.turn(&writing(&left, &stamps)).await?;
            let mut statuses = answer.statuses.into_iter();
            let proposals = stamps.iter().filter(|stamp| stamp.proposal.is_some());
            if proposals
                .zip(statuses.by_ref())
                .any(|(_, it)| it == Status::Full)
            {
                return Err(full(&self.pool.server));
            }
            let settled = self.learn(&stamps, &answer.values, &mut foreign);
            left.retain(|item| {
                let Some(value) = &item.value else {
                    return false;
                };
                let status = statuses.next();
                if !settled.contains(&item.name.generation) {
                    return true;
                }
                let error = match status {
                    Some(Status::TooLarge) => {
                        Some(too_large_for(&self.pool.server, value.bytes().len()))
                    }
                    Some(Status::Full) => Some(full(&self.pool.server)),
                    // Not stored is what comes after a newer one, which is as good.
                    Some(Status::Stored | Status::NotStored) | None => None,
                };
                refused = refused
                    .take()
                    .or(error.map(|error| error.about(item.digest)));
                false
            });
            if left.is_empty() {
                return Ok(refused);
            }
        }
        Err(unsettled(&self.pool.server))
    }

    /// The generations to store under: as they were seen last, or new ones.
    fn stamps(&self, items: &[&mut Item], foreign: &HashSet<Arc<str>>) -> Vec<Stamp> {
        let stored = items.iter().filter(|item| item.value.is_some());
        let generations = generations(stored.map(|item| &item.name));
        let stamp = |generation: &Arc<str>| {
            let known = self.remembered.get(generation);
            let number = known.unwrap_or_else(Number::random);
            Stamp {
                generation: Arc::clone(generation),
                number,
                proposal: known.is_none().then(|| number.write()),
                replaces: foreign.contains(generation),
            }
        };
        generations.into_iter().map(stamp).collect()
    }

    /// Remembers what the generations are, and says which of them are those that were stored under.
    fn learn(
        &self,
        stamps: &[Stamp],
        values: &Values,
        foreign: &mut HashSet<Arc<str>>,
    ) -> HashSet<Arc<str>> {
        let mut settled = HashSet::new();
        for stamp in stamps {
            let number = item::number_of(values, &stamp.generation);
            self.remembered.set(&stamp.generation, number);
            if number == Some(stamp.number) {
                settled.insert(Arc::clone(&stamp.generation));
            }
            if number.is_none() && values.contains_key(&*stamp.generation) {
                foreign.insert(Arc::clone(&stamp.generation));
            }
        }
        settled
    }
}

/// The names of those that are on that server.
fn names(places: &[Place], server: usize) -> Vec<&Name> {
    let here = places.iter().filter(|place| place.server == server);
    here.map(|place| &place.name).collect()
}

/// A generation that values are stored under.
struct Stamp {
    generation: Arc<str>,
    number: Number,
    /// The digits of a new one, to be added in front of the values.
    proposal: Option<[u8; Number::LENGTH]>,
    /// Whether something that is no number is in the way of it.
    replaces: bool,
}

impl Item {
    fn stamp(&mut self, stamps: &[Stamp]) {
        let found = stamps.binary_search_by(|it| it.generation.cmp(&self.name.generation));
        if let (Some(value), Ok(index)) = (&mut self.value, found) {
            value.stamp(stamps[index].number);
        }
    }
}

fn writing<'a>(items: &'a [&mut Item], stamps: &'a [Stamp]) -> Turn<'a> {
    let mut commands = Vec::with_capacity(2 * (items.len() + stamps.len()));
    for stamp in stamps {
        let Some(digits) = &stamp.proposal else {
            continue;
        };
        if stamp.replaces {
            commands.push(Command::Delete(&stamp.generation));
        }
        commands.push(Command::Add {
            key: &stamp.generation,
            value: digits,
            expiry: 0,
        });
    }
    for item in items {
        // Deleted first: what the server then refuses leaves nothing, and what it does not refuse is stored.
        commands.push(Command::Delete(&item.name.key));
        if let Some(value) = &item.value {
            commands.push(Command::Add {
                key: &item.name.key,
                value: value.bytes(),
                expiry: value.expiry,
            });
        }
    }
    Turn {
        commands,
        asked: stamps.iter().map(|stamp| &*stamp.generation).collect(),
    }
}

/// The generations of those names in ascending order, each once.
fn generations<'a>(names: impl Iterator<Item = &'a Name>) -> Vec<&'a Arc<str>> {
    let mut generations: Vec<&Arc<str>> = names.map(|name| &name.generation).collect();
    generations.dedup();
    generations.sort_unstable();
    generations.dedup();
    generations
}

/// As many items as make one turn, one at least.
fn chunk(items: &[Item], from: usize) -> Range<usize> {
    let mut bytes = 0;
    let rest = items[from..].iter().take(WRITES);
    let fits = rest.take_while(|item| {
        let first = bytes == 0;
        bytes += item.value.as_ref().map_or(1, |value| value.bytes().len());
        first || bytes <= BYTES
    });
    from..from + fits.count()
}
