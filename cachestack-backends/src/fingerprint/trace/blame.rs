//! After a run that failed and taught nothing: what to invent differently in the next.
//!
//! A leaf whose own visitor refuses a sample is known at once. But a type may check later what it read
//! (`#[serde(try_from)]`): then every leaf of the value that failed is suspect.

use super::super::shape::NodeId;
use super::tracer::Tracer;

/// How often the same value failed on end.
#[derive(Debug, Default)]
pub(super) struct Stuck {
    suspects: Vec<NodeId>,
    attempts: usize,
}

impl Tracer {
    /// First each suspect alone takes each of its alternatives, the last suspect first; then all take the same.
    pub(super) fn blame(&mut self) {
        let mut suspects = self.journal.split_off(self.failed_from.unwrap_or(0));
        suspects.reverse();
        let mut once = std::collections::HashSet::new();
        suspects.retain(|id| once.insert(*id));
        if self.stuck.suspects == suspects {
            self.stuck.attempts += 1;
        } else {
            self.stuck.attempts = 0;
            self.stuck.suspects.clone_from(&suspects);
        }
        let mut attempt = self.stuck.attempts;
        let mut changed = None;
        for (position, id) in suspects.iter().enumerate() {
            let others = self.slots[*id].alternatives.saturating_sub(1);
            if attempt < others {
                changed = Some((position, attempt + 1));
                break;
            }
            attempt -= others;
        }
        for (position, id) in suspects.into_iter().enumerate() {
            let wanted = match changed {
                Some((changed, to)) if changed == position => to,
                Some(_) => 0,
                None => attempt,
            };
            let slot = &mut self.slots[id];
            slot.choice = slot.open_from(wanted).or(slot.open_from(0)).unwrap_or(0);
        }
    }
}
