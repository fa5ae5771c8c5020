//! Learns a type's shape by running its `Deserialize` against a deserializer that invents what it is asked for.
//!
//! One run sees one value: one variant of each enum, one sample at each leaf. Runs are repeated, each steered to
//! the nearest place not seen yet, until there is none. A container met again (same visitor, name and fields) is
//! the same place, which closes recursion; there the shortest known value is invented. (So two types that have one
//! path, say from two versions of a crate, and one name and list of fields, are taken for one. If they are seen to
//! read differently, the place counts as one that needs a self-describing codec.)
//!
//! What bounds a trace: [`MAX_RUNS`], [`MAX_IDLE_RUNS`], [`MAX_READS`], [`MAX_PLACES`] and [`MAX_DEPTH`]. Beyond
//! them it ends with what it has seen.

mod access;
mod blame;
mod finish;
mod plan;
mod probe;
mod samples;
mod slot;
mod tracer;

use std::panic::{self, AssertUnwindSafe};

use serde::de::DeserializeOwned;

use super::shape::Node;
use probe::Probe;
use tracer::{ROOT, Tracer};

/// Runs of one type's `Deserialize`.
const MAX_RUNS: u32 = 20_000;
/// Runs on end that learn nothing new.
const MAX_IDLE_RUNS: u32 = 512;
/// Reads over all runs; an array's elements count one by one.
const MAX_READS: u32 = 1 << 22;
/// Distinct places in the shape.
const MAX_PLACES: usize = 1 << 14;
/// Containers within containers in one run; each costs the stack some frames of the type's own code.
const MAX_DEPTH: u32 = 96;
/// From this depth on no new ground is sought: options are `None` and collections empty where possible.
const CALM_DEPTH: u32 = 48;
/// A tuple longer than this is taken for an array: every element is read as the first.
const MAX_TUPLE: usize = 32;

/// What tracing brought: a graph (not yet in canonical form), its root, and whether anything was cut short.
pub(super) struct Sketch {
    pub(super) nodes: Vec<Node>,
    pub(super) root: usize,
    pub(super) exhausted: bool,
}

/// Traces `T`.
pub(super) fn sketch<T: DeserializeOwned>() -> Sketch {
    let mut tracer = Tracer::new();
    while tracer.begin() {
        let run = || tracer.child(ROOT, std::marker::PhantomData::<T>).is_ok();
        match panic::catch_unwind(AssertUnwindSafe(run)) {
            Ok(went_through) => tracer.end(went_through),
            // The type cannot be asked any further: what was seen so far must do.
            Err(_) => {
                let mut sketch = tracer.finish();
                sketch.exhausted = true;
                return sketch;
            }
        }
    }
    tracer.finish()
}

/// The only error while tracing; why is in the tracer's books.
#[derive(Debug, Clone, Copy)]
struct Refusal;

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the sample was refused")
    }
}

impl std::error::Error for Refusal {}

impl serde::de::Error for Refusal {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
}
