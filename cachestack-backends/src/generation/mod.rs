//! Generations: how everything under a tag, of a function or in a namespace is invalidated at once.
//!
//! A *generation* is a random number that a *name* has: a tag, a function's identity, or the namespace
//! itself. An entry carries the numbers that its names had before its computation began, and is live only as
//! long as each is still the current one. To invalidate is to replace a number: in O(1), without an index.
//! Nothing counts up and no clock is compared; a number that was lost is replaced too, which costs misses and
//! never brings an old entry back.
//!
//! Within a process a generation is a [`Live`] object that ends once and for ever. Whoever looks something up
//! takes those of its names before; what is kept in memory holds them, so that a hit there looks at one flag
//! a name. Where entries leave the process, the numbers are kept as small entries beside them, in a
//! [reserved](crate::Namespace) namespace of the same store.
//!
//! | file | what is in it |
//! |---|---|
//! | `live.rs` | [`Live`]: one generation as this process knows it |
//! | `ended.rs` | how many have ended, for those who keep copies of entries |
//! | `table.rs` | [`Table`]: which is the current one of each name |

pub(crate) mod ended;
mod live;
mod table;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering as Order};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

pub(crate) use self::live::{Live, Lives};
pub(crate) use self::table::Table;
use crate::clock::Moment;
use crate::entry::{Entry, ValueType};
use crate::key::{Key, Namespace};

/// What the names of generations begin with that a stack looks after. An entry's other generations are
/// carried along, and mean nothing to it.
const SIGN: char = '@';

/// Something that many entries of a namespace depend on, to be invalidated together: a tag, or a whole
/// function.
///
/// ```
/// use cachestack_backends::{Clock, Entry, Key, MemoryBackend, Namespace, TieredCache, Dependency};
///
/// # cachestack_backends::runtime::block_on(async {
/// let stack = TieredCache::builder().layer(MemoryBackend::default()).build()?;
/// let (shop, users) = (Namespace::new("shop"), Dependency::tag("users"));
/// let entry = Entry::new(String::from("Ada"), Clock::system().now());
/// stack.set_depending(&Key::new(&shop, "user:1"), entry, &[users.clone()]).await?;
/// stack.invalidate(&shop, &[users]).await?;
/// # Ok::<(), cachestack_backends::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Dependency(Arc<Named>);

struct Named {
    name: Box<str>,
    /// Where its number is kept, for entries of the first namespace that this was of use in.
    mark: OnceLock<Key>,
}

impl Dependency {
    /// A tag. Any text is one.
    pub fn tag(tag: impl AsRef<str>) -> Self {
        Self::of(format!("{SIGN}tag:{}", tag.as_ref()))
    }

    /// Everything of the function of that identity.
    pub fn function(identity: impl AsRef<str>) -> Self {
        Self::of(format!("{SIGN}fn:{}", identity.as_ref()))
    }

    /// The namespace itself, on which every entry in it depends.
    pub(crate) fn namespace() -> Self {
        Self::of(SIGN.to_string())
    }

    fn of(name: String) -> Self {
        let (name, mark) = (name.into(), OnceLock::new());
        Self(Arc::new(Named { name, mark }))
    }

    /// The name its number is kept under, in the reserved namespace.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// Finds something by where its number is kept, beside that of its namespace.
    pub(crate) fn by_mark<R>(&self, own: &Key, find: impl FnOnce(&Key) -> R) -> R {
        match self.0.mark.get() {
            Some(known) if known.namespace().is(own.namespace()) => find(known),
            _ => {
                let mark = mark_beside(own.clone(), self.name());
                let found = find(&mark);
                // The first stays.
                let _ = self.0.mark.set(mark);
                found
            }
        }
    }
}

impl PartialEq for Dependency {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Dependency {}

impl PartialOrd for Dependency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dependency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl Hash for Dependency {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dependency({:?})", self.name())
    }
}

/// Whether a stack looks after the generation of that name.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with(SIGN)
}

/// Whether it is the name of a function.
pub(crate) fn is_function(name: &str) -> bool {
    name.strip_prefix(SIGN)
        .is_some_and(|name| name.starts_with("fn:"))
}

/// Where the number of that name is kept, for entries of that namespace.
pub(crate) fn mark_of(namespace: &Namespace, name: &str) -> Key {
    mark_beside(namespace.mark(), name)
}

fn mark_beside(own: Key, name: &str) -> Key {
    match own.text() == name {
        true => own,
        false => Key::new(own.namespace(), name),
    }
}

/// A generation's number as it is stored: in halves, which every codec can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Number(u64, u64);

impl Number {
    pub(crate) const TYPE: &'static ValueType = ValueType::of::<Self>();

    pub(crate) fn entry(number: u128, now: Moment) -> Entry {
        Entry::new(Self((number >> 64) as u64, number as u64), now)
    }

    pub(crate) fn of(entry: &Entry) -> Option<u128> {
        let Self(high, low) = entry.value::<Self>()?;
        Some(u128::from(*high) << 64 | u128::from(*low))
    }
}

/// How long a store of that `max_ttl` keeps a number that nobody reads: twice as long as needed. It is to be prolonged
/// when half of that has passed and somebody reads it, by a step that concerns whatever number is there by then, so
/// that none comes back that was replaced meanwhile.
///
/// So a number outlives what depends on it: who writes that has read the number before its computation, in this store
/// or, up to [a day](COPY) before, in one above it. Memcached, which drops by itself what is not used, is told no end.
#[cfg(any(feature = "file", feature = "redis", feature = "postgres"))]
pub(crate) fn life(max_ttl: Duration) -> Duration {
    max_ttl.saturating_add(4 * COPY).saturating_mul(2)
}

/// How long a number is relied on, or kept in a layer above another, without asking the lowest store for it.
pub(crate) const COPY: Duration = Duration::from_secs(24 * 60 * 60);

/// A number that no process ever had before.
pub(crate) fn random() -> u128 {
    static TURN: AtomicU64 = AtomicU64::new(0);
    let half = || {
        // The keys of the state come from the system's random numbers; the rest keeps forks apart.
        let mut hasher = RandomState::new().build_hasher();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        hasher.write_u128(now.unwrap_or_default().as_nanos());
        hasher.write_u32(std::process::id());
        hasher.write_u64(TURN.fetch_add(1, Order::Relaxed));
        u128::from(hasher.finish())
    };
    half() << 64 | half()
}
