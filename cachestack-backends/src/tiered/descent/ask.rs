//! What a layer is asked, at the cost of the time that is left for it.

use std::future::Future;
use std::time::{Duration, Instant};

use super::{Answers, Descent, Item, Items};
use crate::backend::{Backend, Lookup};
use crate::error::{Operation, Result};
use crate::key::Key;
use crate::tiered::layer::StackLayer;
use crate::tiered::pending::Waiting;

impl Descent<'_> {
    /// What a layer says; nothing of what it is not to be read for, and of what it failed on.
    pub(super) async fn ask(&mut self, layer: &StackLayer, index: usize, asked: Items) -> Answers {
        let mut answers = Answers::new();
        let mut open = Items::new();
        // The first that waits has the layer told of all, where nobody does that in the background.
        let waits = |item: &&Item| layer.pending.look(self.wanted(**item).0).is_some();
        if let Some(item) = asked.iter().find(waits) {
            let key = self.wanted(*item).0.clone();
            self.attend(layer, index, &key).await;
        }
        for item in asked {
            match layer.pending.look(self.wanted(item).0) {
                Some(Waiting::Held(entry)) => {
                    if let Item::Want(i) = item {
                        self.wants[i].waits = true;
                    }
                    answers.push((item, Some(Lookup::Hit(entry))));
                }
                Some(Waiting::Barred) => answers.push((item, None)),
                None => open.push(item),
            }
        }
        let found = match &open[..] {
            [] => return answers,
            [item] => {
                let (key, value_type) = self.wanted(*item);
                let key = key.clone();
                let asking = layer.backend.get(&key, value_type);
                let found = self.spend(layer, index, asking).await;
                let found = found.map_err(|error| self.errors.add(index, layer, error));
                answers.push((*item, found.ok()));
                return answers;
            }
            many => {
                let wanted = many.iter().map(|item| self.wanted(*item));
                let wanted: Vec<_> = wanted.map(|(key, of)| (key.clone(), of)).collect();
                self.spend(layer, index, layer.backend.get_many(&wanted))
                    .await
            }
        };
        match found {
            Ok(found) => answers.extend(open.into_iter().zip(found.into_iter().map(Some))),
            Err(error) => {
                answers.extend(open.into_iter().map(|item| (item, None)));
                self.errors.add(index, layer, error);
            }
        }
        answers
    }

    /// Has a layer told what it missed, at the cost of what is left for it.
    async fn attend(&mut self, layer: &StackLayer, index: usize, key: &Key) {
        if layer.info.detached {
            return;
        }
        let (began, here) = (Instant::now(), self.left.of(index));
        drop(layer.waiting(key, here).await);
        self.left.set(index, here.saturating_sub(began.elapsed()));
    }

    /// Asks a layer at the cost of what is left for it; a failure leaves nothing.
    async fn spend<R>(
        &mut self,
        layer: &StackLayer,
        index: usize,
        asked: impl Future<Output = Result<R>>,
    ) -> Result<R> {
        let here = self.left.of(index);
        if layer.info.immediate {
            return layer.ask(Operation::Get, here, asked).await;
        }
        let began = Instant::now();
        let answer = layer.ask(Operation::Get, here, asked).await;
        let still = match &answer {
            Ok(_) => here.saturating_sub(began.elapsed()),
            Err(_) => Duration::ZERO,
        };
        self.left.set(index, still);
        answer
    }
}
