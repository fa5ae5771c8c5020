//! What operations send in one turn, on the I/O thread.
//!
//! The commands of a turn are handed to the client one by one before any answer is awaited. The client takes them up only
//! when this task waits, and flushes when it has taken all there are: so they leave together, in that order.
//! Every command names one key: a cluster takes them all, each where it belongs, and no array of values comes back, whose
//! first value the client could take for a message of pub/sub.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use fred::clients::Client;
use fred::error::Error as Refusal;
use fred::interfaces::KeysInterface;
use fred::types::{Expiration, Value};

use super::error::{is_of_another_type, is_redirection};
use super::link::{Kind, Link};
use crate::backend::TimeLeft;
use crate::clock::{Clock, Moment};
use crate::error::Result;

/// How many keys are asked for, or written, in one turn.
pub(super) const KEYS_IN_A_TURN: usize = 1000;
/// The longest a key can be told to live: far beyond any clock of ours, and well within what the server can add to its own.
const LONGEST_MILLIS: i64 = i64::MAX >> 8;

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
    let found = tokio::join!(pttl(client, &key), value_of(client, &key));
    turn.end(found.0.and_then(|left| read(&left, found.1)))
}

pub(super) async fn get_many(link: Arc<Link>, keys: Vec<Bytes>) -> Result<Vec<Found>> {
    let mut all = Vec::with_capacity(keys.len());
    for keys in keys.chunks(KEYS_IN_A_TURN) {
        let turn = link.turn(Kind::Read).await?;
        let client = turn.client();
        let asked = keys.iter().flat_map(|key| -> [Answer<'_>; 2] {
            [Box::pin(pttl(client, key)), Box::pin(value_of(client, key))]
        });
        let mut answers = together(asked.collect()).await.into_iter();
        let mut found = Vec::with_capacity(keys.len());
        while let (Some(left), Some(value)) = (answers.next(), answers.next()) {
            found.push(left.and_then(|left| read(&left, value)));
        }
        all.extend(turn.end(found.into_iter().collect::<Result<Vec<Found>, Refusal>>())?);
    }
    Ok(all)
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
        let asked =
            asked.map(|(key, write)| -> Answer<'_> { Box::pin(put(client, &clock, key, write)) });
        let answers = together(asked.collect()).await;
        turn.end(first_refusal(answers).map(drop))?;
    }
    Ok(())
}

async fn put(client: &Client, clock: &Clock, key: Bytes, write: Write) -> Result<Value, Refusal> {
    let (value, until) = match write {
        Write::Bytes(bytes, until) => (Value::Bytes(bytes), until),
        Write::Nothing => return asked(|| client.unlink(key.clone())).await,
    };
    // What is left now, after it waited for its turn or a connection.
    let left = until.map(|until| until.since(clock.now()));
    if left == Some(Duration::ZERO) {
        return asked(|| client.unlink(key.clone())).await;
    }
    let expiry = left.map(|left| Expiration::PX(millis(left)));
    asked(|| client.set(key.clone(), value.clone(), expiry.clone(), None, false)).await
}

async fn pttl(client: &Client, key: &Bytes) -> Result<Value, Refusal> {
    asked(|| client.pttl(key.clone())).await
}

async fn value_of(client: &Client, key: &Bytes) -> Result<Value, Refusal> {
    asked(|| client.get(key.clone())).await
}

/// Asks, and asks again where a cluster has moved the slot meanwhile.
async fn asked<F>(ask: impl Fn() -> F) -> Result<Value, Refusal>
where
    F: Future<Output = Result<Value, Refusal>>,
{
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
    let deleted = asked(|| turn.client().unlink(key.clone())).await;
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
            .map(|key| -> Answer<'_> { Box::pin(asked(|| client.unlink(key.clone()))) })
            .collect(),
        false => vec![Box::pin(client.unlink(keys.to_vec()))],
    };
    let answers = first_refusal(together(asked).await)?;
    Ok(answers.iter().map(count_of).sum())
}

pub(super) async fn exists(link: Arc<Link>, key: Bytes) -> Result<bool> {
    let turn = link.turn(Kind::Read).await?;
    let found = asked(|| turn.client().exists(key.clone())).await;
    turn.end(found.map(|count| count_of(&count) > 0))
}

pub(super) async fn ttl(link: Arc<Link>, key: Bytes) -> Result<TimeLeft> {
    let turn = link.turn(Kind::Read).await?;
    let left = pttl(turn.client(), &key).await;
    turn.end(left.map(|left| time_left(&left)))
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

/// Begins all of them before it waits for any. Answers come in the order of the commands, so each is waited for
/// in its turn.
async fn together(mut asked: Vec<Answer<'_>>) -> Vec<Result<Value, Refusal>> {
    let mut answers: Vec<Option<Result<Value, Refusal>>> = poll_fn(|context| {
        let first = asked
            .iter_mut()
            .map(|answer| match answer.as_mut().poll(context) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            });
        Poll::Ready(first.collect())
    })
    .await;
    for (answer, asked) in answers.iter_mut().zip(asked) {
        if answer.is_none() {
            *answer = Some(asked.await);
        }
    }
    answers.into_iter().flatten().collect()
}
