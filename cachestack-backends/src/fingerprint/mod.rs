//! The fingerprint of a value's type: what serde reads of it, in few bytes.
//!
//! A codec that does not describe itself (postcard) misreads bytes silently when the type has changed since they
//! were written. So an entry carries the [`Fingerprint`] of the type that wrote it, and bytes with another one are
//! not decoded. It is taken from the shape that serde sees: names of containers, names and order of fields and
//! variants, kinds of values. The same definition in two modules has one fingerprint, as have `HashMap` and
//! `BTreeMap` of the same types. What serde cannot see is not in it: a change of meaning (cents to euros), or of
//! the way a value is written when it is still read the same; the latter is what [`Traced::fit`] is for.
//!
//! [`trace()`] learns the shape by running the type's `Deserialize` with invented values, told that the format is
//! *not* human-readable. Types that differ between the two are thus seen as binary formats see them: an `IpAddr` as
//! an enum of byte tuples, a `Uuid` as bytes; chrono's times are strings in both.
//!
//! What a hand-written `Deserialize` reads only after a certain *value* (a version number, say) is seen only if a
//! sample happens to be it; what depends on a variant is found, and needs a self-describing codec.
//!
//! A trace is bounded: 20,000 runs of the type's `Deserialize`, 512 of them on end without learning anything,
//! 4,194,304 reads, 16,384 places, 96 containers within each other. What meets a bound is incomplete. A
//! `Deserialize` that panics ends its trace; one that never returns is not caught.

mod canon;
mod fit;
mod misfit;
mod shape;
mod trace;

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use serde::Serialize;
use serde::de::DeserializeOwned;

use shape::{Head, Node, NodeId, Why};

pub use misfit::Misfit;

/// Tells one shape of a type from another: 64 bits of a blake3 hash.
///
/// Stable across processes, machines and compilers where the trace is complete ([`Traced::is_complete`]).
/// `Display` writes 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint that [`as_u64`](Self::as_u64) gave.
    #[must_use]
    pub const fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    /// The fingerprint as a number, to be stored.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// What is known of a type: its shape, and what follows from it.
#[derive(Debug)]
pub struct Traced {
    /// The shape, with edges that pass newtypes over.
    nodes: Vec<Node>,
    root: NodeId,
    fingerprint: Fingerprint,
    is_complete: bool,
    needs_self_describing: Option<String>,
}

/// What is known of `T`, traced at the first call for each type in this process and kept.
///
/// Tracing makes values of `T` and drops them. A `Deserialize` that panics ends it early.
#[must_use]
pub fn trace<T: DeserializeOwned + 'static>() -> Arc<Traced> {
    static TRACED: LazyLock<RwLock<HashMap<TypeId, Arc<Traced>>>> = LazyLock::new(RwLock::default);

    let id = TypeId::of::<T>();
    let known = TRACED.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(traced) = known.get(&id) {
        return Arc::clone(traced);
    }
    // Not held while the type's own code runs: that may trace another type.
    drop(known);
    let traced = Arc::new(Traced::new::<T>());
    if !traced.is_complete && traced.needs_self_describing.is_none() {
        tracing::warn!(
            target: "cachestack",
            value_type = type_name::<T>(),
            "this type cannot be traced to its end, so a change of it may go unseen: give functions that \
             return it `version = 1`, and count it up when the type changes",
        );
    }
    let mut known = TRACED.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(id).or_insert(traced))
}

impl Traced {
    fn new<T: DeserializeOwned>() -> Self {
        let sketch = trace::sketch::<T>();
        let mut nodes = canon::smallest(&sketch.nodes, sketch.root);
        let is_complete = !sketch.exhausted && !nodes.iter().any(Node::is_unsure);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&canon::encode(&nodes));
        if !is_complete {
            hasher.update(type_name::<T>().as_bytes());
        }
        let mut bits = [0; 8];
        hasher.finalize_xof().fill(&mut bits);
        Self {
            fingerprint: Fingerprint(u64::from_le_bytes(bits)),
            is_complete,
            needs_self_describing: self_describing_reason(&nodes),
            root: canon::skip_newtypes(&mut nodes, 0),
            nodes,
        }
    }

    /// The type's fingerprint. Where the trace is not complete, it is taken from what was traced and the type's
    /// [`type_name`], which another compiler may spell differently.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Why only a self-describing codec (JSON, `MessagePack`) can carry this type, in one lowercase clause
    /// about 'it', the type; `None` if any codec may.
    #[must_use]
    pub fn needs_self_describing(&self) -> Option<&str> {
        self.needs_self_describing.as_deref()
    }

    /// True if tracing came to an end and no place was left unseen or needs a self-describing codec: then every
    /// change of the shape changes the fingerprint.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Checks that what `value` writes is what the type reads, without writing anything. It is one walk over the
    /// value, without hashing, and without allocation as long as the value fits.
    ///
    /// What could not be traced fits anything: for a type that
    /// [needs a self-describing codec](Self::needs_self_describing) this says nothing.
    ///
    /// # Errors
    ///
    /// [`Misfit`], where a codec that does not describe itself would misread the value or could not write it:
    /// fields that are skipped or others than those read, another kind, another length of a tuple, another
    /// variant under an index, a sequence or map that does not say its length beforehand; or where the value's own
    /// `Serialize` fails.
    pub fn fit<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), Misfit> {
        value.serialize(fit::Walk::new(&self.nodes, self.root))
    }
}

/// The first place that needs a self-describing codec, and why.
fn self_describing_reason(nodes: &[Node]) -> Option<String> {
    let (id, why) = nodes
        .iter()
        .enumerate()
        .find_map(|(id, node)| match node.head {
            Head::Opaque(why) => Some((id, why)),
            _ => None,
        })?;
    let path = path_to(nodes, id);
    let at = if path.is_empty() {
        path
    } else {
        format!(" at {path}")
    };
    Some(match why {
        Why::Any => format!(
            "it asks for `deserialize_any`{at} (untagged or internally tagged enum, flatten, serde_json::Value)"
        ),
        Why::IgnoredAny => format!("it passes over data by `deserialize_ignored_any`{at}"),
        Why::Identifier => {
            format!("it asks for `deserialize_identifier`{at} (adjacently tagged enum, flatten)")
        }
        Why::Varies => format!("what it reads{at} depends on what it read before"),
        Why::ByName => format!("it knows the variants of an enum by name alone{at}"),
        Why::AsMap => format!("it cannot read the fields of a struct in their order{at}"),
    })
}

/// The way from the root to a node, as in `.address[].zip`.
fn path_to(nodes: &[Node], wanted: NodeId) -> String {
    let mut paths: Vec<Option<String>> = vec![None; nodes.len()];
    let mut todo = std::collections::VecDeque::new();
    if let Some(root) = paths.first_mut() {
        *root = Some(String::new());
        todo.push_back(0);
    }
    while let Some(id) = todo.pop_front() {
        let so_far = paths[id].clone().unwrap_or_default();
        if id == wanted {
            return so_far;
        }
        for (edge, step) in nodes[id].steps() {
            if paths[edge].is_none() {
                paths[edge] = Some(format!("{so_far}{step}"));
                todo.push_back(edge);
            }
        }
    }
    String::new()
}
