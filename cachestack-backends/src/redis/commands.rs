//! What operations send in one turn, on the I/O thread.
//!
//! The commands of a turn are handed to the client one by one before any answer is awaited. The client takes them up only
//! when this task waits, and flushes when it has taken all there are: so they leave together, in that order.
//! In a cluster every command names one key, so that each goes where it belongs.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use fred::clients::Client;
use fred::error::{Error as Refusal, ErrorKind as Sort};
use fred::interfaces::KeysInterface;
use fred::types::{Expiration, Value};

use super::error::{is_of_another_type, is_redirection};
use super::link::{Kind, Link};
use crate::backend::TimeLeft;
use crate::clock::{Clock, Moment};
use crate::error::Result;

/// How many keys are asked for, or written, in one turn.
pub(super) const KEYS_IN_A_TURN: usize = 1000;
/// From so many values on they are asked for by one command. The client takes an array of three to five, of which the
/// first is such a word as `message`, for one of pub/sub, and all answers after it for those to other commands.
const LEAST_AT_ONCE: usize = 6;
/// The longest a key can be told to live: far beyond any clock of ours, and well within what the server can add to its own.
const LONGEST_MILLIS: i64 = i64::MAX >> 8;

/// What the client gives takes kilobytes, and is better not moved with what is around it.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, Refusal>> + Send + 'a>>;

/// What is under a key.
#[derive(Debug)]
pub(super) enum Found {
    Nothing,
    /// Something that is no string.
    Foreign,
    Bytes(Bytes, TimeLeft),
}

/// What a key is to hold.
pub(super) enum Write {
    /// This, until then.
    Bytes(Bytes, Option<Moment>),
    Nothing,
}

pub(super) async fn get(link: Arc<Link>, key: Bytes) -> Result<Found> {
    let turn = link.turn(Kind::Read).await?;
    let client = turn.client();
    // The time is asked for first: a value that comes in between is then taken for older than it is.
    let left = Begun::new(boxed(pttl(client, &key))).await;
    let value = value_of(client, &key).await;
    let left = left.answer().await;
    turn.end(left.and_then(|left| read(&left, value)))
}

pub(super) async fn get_many(
    link: Arc<Link>,
    keys: Vec<Bytes>,
    cluster: bool,
) -> Result<Vec<Found>> {
    let mut all = Vec::with_capacity(keys.len());
    for keys in keys.chunks(KEYS_IN_A_TURN) {
        let turn = link.turn(Kind::Read).await?;
        let found = match cluster || keys.len() < LEAST_AT_ONCE {
            true => each(turn.client(), keys).await,
            false => at_once(turn.client(), keys).await,
        };
        all.extend(turn.end(found)?);
    }
    Ok(all)
}

/// A command for each value.
async fn each(client: &Client, keys: &[Bytes]) -> Result<Vec<Found>, Refusal> {
    let asked = keys
        .iter()
        .flat_map(|key| [boxed(pttl(client, key)), boxed(value_of(client, key))]);
    let mut answers = together(asked.collect()).await.into_iter();
    let mut found = Vec::with_capacity(keys.len());
    while let (Some(left), Some(value)) = (answers.next(), answers.next()) {
        found.push(read(&left?, value)?);
    }
    Ok(found)
}

/// One command for all values. What is no string is nothing to that command, though it has a time.
async fn at_once(client: &Client, keys: &[Bytes]) -> Result<Vec<Found>, Refusal> {
    let times = keys.iter().map(|key| boxed(pttl(client, key)));
    let values = boxed(client.mget(keys.to_vec()));
    let mut answers = together(times.chain([values]).collect()).await;
    let values = answers.pop().unwrap_or(Ok(Value::Null))?.into_array();
    if values.len() != keys.len() {
        return Err(Refusal::new(
            Sort::Protocol,
            "as many values as keys are expected",
        ));
    }
    let read = |(left, value): (Result<Value, Refusal>, Value)| {
        let left = left?;
        match read(&left, Ok(value))? {
            Found::Nothing if is_there(&left) => Ok(Found::Foreign),
            found => Ok(found),
        }
    };
    answers.into_iter().zip(values).map(read).collect()
}

fn read(left: &Value, value: Result<Value, Refusal>) -> Result<Found, Refusal> {
    let left = time_left(left);
    match value {
        Ok(value) => Ok(match (value.into_bytes(), left) {
            // What came to be after the time was asked for is a miss to this reader.
            (None, _) | (_, TimeLeft::Missing) => Found::Nothing,
            (Some(bytes), left) => Found::Bytes(bytes, left),
        }),
        Err(refusal) if is_of_another_type(&refusal) => Ok(Found::Foreign),
        Err(refusal) => Err(refusal),
    }
}

/// Whether there was something that does not end just now.
fn is_there(left: &Value) -> bool {
    match time_left(left) {
        TimeLeft::Left(left) => !left.is_zero(),
        left => left != TimeLeft::Missing,
    }
}

/// The answer to `PTTL`.
fn time_left(answer: &Value) -> TimeLeft {
    match answer.as_i64() {
        Some(-1) => TimeLeft::Unlimited,
        Some(millis) => u64::try_from(millis).map_or(TimeLeft::Missing, |millis| {
            TimeLeft::Left(Duration::from_millis(millis))
        }),
        None => TimeLeft::Missing,
    }
}

pub(super) async fn set(link: Arc<Link>, clock: Clock, key: Bytes, write: Write) -> Result<()> {
    let turn = link.turn(Kind::Write).await?;
    let written = put(turn.client(), &clock, key, write).await;
    turn.end(written.map(drop))
}

pub(super) async fn set_many(
    link: Arc<Link>,
    clock: Clock,
    writes: Vec<(Bytes, Write)>,
) -> Result<()> {
    let mut writes = writes.into_iter().peekable();
    while writes.peek().is_some() {
        let turn = link.turn(Kind::Write).await?;
        let client = turn.client();
        let asked = writes.by_ref().take(KEYS_IN_A_TURN);
        let asked = asked.map(|(key, write)| boxed(put(client, &clock, key, write)));
        let answers = together(asked.collect()).await;
        turn.end(first_refusal(answers).map(drop))?;
    }
    Ok(())
}

async fn put(client: &Client, clock: &Clock, key: Bytes, write: Write) -> Result<Value, Refusal> {
    let (value, until) = match write {
        Write::Bytes(bytes, until) => (Value::Bytes(bytes), until),
        Write::Nothing => return asked(|| boxed(client.unlink(key.clone()))).await,
    };
    // What is left now, after it waited for its turn or a connection.
    let left = until.map(|until| until.since(clock.now()));
    if left == Some(Duration::ZERO) {
        return asked(|| boxed(client.unlink(key.clone()))).await;
    }
    let expiry = left.map(|left| Expiration::PX(millis(left)));
    asked(|| boxed(client.set(key.clone(), value.clone(), expiry.clone(), None, false))).await
}

async fn pttl(client: &Client, key: &Bytes) -> Result<Value, Refusal> {
    asked(|| boxed(client.pttl(key.clone()))).await
}

async fn value_of(client: &Client, key: &Bytes) -> Result<Value, Refusal> {
    asked(|| boxed(client.get(key.clone()))).await
}

/// Asks, and asks again where a cluster has moved the slot meanwhile.
async fn asked<'a>(ask: impl Fn() -> Answer<'a>) -> Result<Value, Refusal> {
    match ask().await {
        Err(refusal) if is_redirection(&refusal) => ask().await,
        answer => answer,
    }
}

/// Rounded up, so that the server keeps an entry as long as it is to live.
fn millis(left: Duration) -> i64 {
    let millis = left.as_nanos().div_ceil(1_000_000);
    i64::try_from(millis).map_or(LONGEST_MILLIS, |millis| millis.clamp(1, LONGEST_MILLIS))
}

/// Gives the number of keys that were there.
pub(super) async fn delete(link: Arc<Link>, key: Bytes) -> Result<u64> {
    let turn = link.turn(Kind::Write).await?;
    let deleted = asked(|| boxed(turn.client().unlink(key.clone()))).await;
    turn.end(deleted.map(|count| count_of(&count)))
}

/// Gives the number of keys that were there.
pub(super) async fn delete_many(link: Arc<Link>, keys: Vec<Bytes>, cluster: bool) -> Result<u64> {
    let mut deleted = 0;
    for keys in keys.chunks(KEYS_IN_A_TURN) {
        let turn = link.turn(Kind::Write).await?;
        let answers = unlink(turn.client(), keys, cluster).await;
        deleted += turn.end(answers)?;
    }
    Ok(deleted)
}

/// One command, where all keys are in one place.
pub(super) async fn unlink(client: &Client, keys: &[Bytes], cluster: bool) -> Result<u64, Refusal> {
    let asked: Vec<Answer<'_>> = match cluster {
        true => keys
            .iter()
            .map(|key| boxed(asked(|| boxed(client.unlink(key.clone())))))
            .collect(),
        false => vec![boxed(client.unlink(keys.to_vec()))],
    };
    let answers = first_refusal(together(asked).await)?;
    Ok(answers.iter().map(count_of).sum())
}

pub(super) async fn exists(link: Arc<Link>, key: Bytes) -> Result<bool> {
    let turn = link.turn(Kind::Read).await?;
    let found = asked(|| boxed(turn.client().exists(key.clone()))).await;
    turn.end(found.map(|count| count_of(&count) > 0))
}

pub(super) async fn ttl(link: Arc<Link>, key: Bytes) -> Result<TimeLeft> {
    let turn = link.turn(Kind::Read).await?;
    let left = pttl(turn.client(), &key).await;
    turn.end(left.map(|left| time_left(&left)))
}

/// Lets whatever is under a key live for so long from now on.
pub(super) async fn prolong(link: Arc<Link>, key: Bytes, life: Duration) -> Result<()> {
    // Given up, it closes no connection: one that arrives late does no harm.
    let turn = link.turn(Kind::Read).await?;
    let life = millis(life);
    let prolonged = asked(|| boxed(turn.client().pexpire(key.clone(), life, None))).await;
    turn.end(prolonged.map(drop))
}

fn count_of(answer: &Value) -> u64 {
    answer
        .as_i64()
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or(0)
}

/// All answers, or the first that is a refusal.
fn first_refusal(answers: Vec<Result<Value, Refusal>>) -> Result<Vec<Value>, Refusal> {
    answers.into_iter().collect()
}

fn boxed<'a>(answer: impl Future<Output = Result<Value, Refusal>> + Send + 'a) -> Answer<'a> {
    Box::pin(answer)
}

/// A command that was handed to the client.
enum Begun<'a> {
    Waits(Answer<'a>),
    Answered(Result<Value, Refusal>),
}

impl<'a> Begun<'a> {
    /// Hands a command over, and waits for nothing.
    async fn new(mut answer: Answer<'a>) -> Self {
        let polled = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
        match polled {
            Poll::Ready(answer) => Self::Answered(answer),
            Poll::Pending => Self::Waits(answer),
        }
    }

    async fn answer(self) -> Result<Value, Refusal> {
        match self {
            Self::Waits(answer) => answer.await,
            Self::Answered(answer) => answer,
        }
    }
}

/// Begins all of them before it waits for any. Answers come in the order of the commands, so each is waited for
/// in its turn.
async fn together(asked: Vec<Answer<'_>>) -> Vec<Result<Value, Refusal>> {
    let mut begun = Vec::with_capacity(asked.len());
    for answer in asked {
        begun.push(Begun::new(answer).await);
    }
    let mut answers = Vec::with_capacity(begun.len());
    for begun in begun {
        answers.push(begun.answer().await);
    }
    answers
}
