//! From the tracer's books to a graph of nodes.

use super::super::shape::{Body, Head, Node, Variant};
use super::Sketch;
use super::slot::{Arm, Slot};
use super::tracer::{ROOT, Tracer};

impl Tracer {
    /// Closes the books.
    pub(super) fn finish(mut self) -> Sketch {
        let same: Vec<_> = (0..self.slots.len()).map(|id| self.resolve(id)).collect();
        let slots = self.slots.drain(..);
        let nodes = slots.map(|slot| {
            let variants = slot.variants();
            let mut node = Node {
                head: slot.head,
                children: slot.children,
                variants,
            };
            node.redirect(|edge| same[edge]);
            node
        });
        Sketch {
            nodes: nodes.collect(),
            root: same[ROOT],
            exhausted: self.exhausted,
        }
    }
}

impl Slot {
    /// An enum's variants by wire index. An index that means the same as an earlier one (`#[serde(other)]` takes
    /// all that are too high) is never written, and counts as absent.
    fn variants(&self) -> Vec<Variant> {
        let Head::Enum(_, names) = self.head else {
            return Vec::new();
        };
        let aliased = self.has_aliases();
        let is_own = |index: usize, arm: &Arm| {
            let double = || self.arms[..index].iter().any(|prior| prior.tag == arm.tag);
            arm.body != Body::Absent && !(aliased && double())
        };
        let mut variants: Vec<_> = self
            .arms
            .iter()
            .enumerate()
            .map(|(index, arm)| {
                if !is_own(index, arm) {
                    return Variant::absent();
                }
                let names = if aliased {
                    let tags = self.name_tags.iter().zip(names);
                    let own = tags.filter(|(tag, _)| tag.is_some() && **tag == arm.tag);
                    own.map(|(_, name)| *name).collect()
                } else {
                    vec![names[index]]
                };
                Variant {
                    names,
                    body: arm.body,
                    children: arm.children.clone(),
                }
            })
            .collect();
        while variants
            .last()
            .is_some_and(|last| last.body == Body::Absent)
        {
            variants.pop();
        }
        variants
    }
}

impl Variant {
    fn absent() -> Self {
        Self {
            names: Vec::new(),
            body: Body::Absent,
            children: Vec::new(),
        }
    }
}
