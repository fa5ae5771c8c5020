//! One generation as this process knows it.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use smallvec::SmallVec;

use crate::clock::Moment;
use crate::entry::Depends;
use crate::key::{Key, KeyDigest};

/// One generation of a name, from when this process first needs it until it ends.
pub(crate) struct Live {
    /// Greater than that of every generation before it.
    id: u64,
    /// Where its number is kept.
    mark: Key,
    number: OnceLock<u128>,
    /// Whether a store has the number, as far as this process knows.
    kept: AtomicBool,
    /// When the number was last asked for and found in a store, plus one; 0 is never.
    read_at: AtomicU64,
    ended: AtomicBool,
    /// What entries share that depend on this as the last, and on no number.
    shared: OnceLock<Box<Shares>>,
}

/// Whoever reads an entry counts for a moment that it does: so many are shared by the entries of a function, that
/// threads seldom meet there.
const SHARES: usize = 32;

type Shares = [Mutex<Weak<Depends>>; SHARES];

/// The generations of one entry or one look-up.
pub(crate) type Lives = SmallVec<[Arc<Live>; 2]>;

impl Live {
    pub(super) fn new(mark: Key) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self {
            id: LAST.fetch_add(1, Ordering::Relaxed) + 1,
            mark,
            number: OnceLock::new(),
            kept: AtomicBool::new(false),
            read_at: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            shared: OnceLock::new(),
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn mark(&self) -> &Key {
        &self.mark
    }

    /// Whether it is that of a function.
    pub(crate) fn is_function(&self) -> bool {
        super::is_function(self.name())
    }

    pub(crate) fn name(&self) -> &str {
        self.mark.text()
    }

    /// Whether it was invalidated, or another number was found in its place. It stays so.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        super::ended::one_more(super::ended::place(self.id));
    }

    /// What the entry of that key shares with others that depend on those generations too, of which this is the last.
    pub(crate) fn shared(&self, lives: &Lives, key: KeyDigest) -> Arc<Depends> {
        let shares = self.shared.get_or_init(Box::default);
        let share = &shares[(key.0 >> 96) as usize % SHARES];
        let mut shared = share.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |(a, b): (&Arc<Self>, &Arc<Self>)| Arc::ptr_eq(a, b);
        if let Some(known) = shared.upgrade() {
            let theirs = known.lives();
            if theirs.len() == lives.len() && theirs.iter().zip(lives).all(is_same) {
                return known;
            }
        }
        let depends = Arc::new(Depends::on(lives.clone()));
        *shared = Arc::downgrade(&depends);
        depends
    }

    /// Its number, where that is known.
    pub(crate) fn number(&self) -> Option<u128> {
        self.number.get().copied()
    }

    /// Its number, which is `number` from now on where it had none.
    pub(crate) fn number_or(&self, number: impl FnOnce() -> u128) -> u128 {
        *self.number.get_or_init(number)
    }

    /// Whether a store has its number, as far as is known: only then may entries that leave the process
    /// depend on it.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Acquire)
    }

    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Release);
    }

    /// A store that was asked at that moment has the number.
    pub(crate) fn seen(&self, asked: Moment) {
        self.read_at
            .fetch_max(asked.nanos().saturating_add(1), Ordering::AcqRel);
        self.keep();
    }

    /// When a store that has the number was last asked for it.
    pub(crate) fn last_seen(&self) -> Option<Moment> {
        let at = self.read_at.load(Ordering::Acquire);
        at.checked_sub(1).map(Moment::from_nanos)
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("id", &self.id)
            .field("mark", &self.mark)
            .field("kept", &self.is_kept())
            .field("ended", &self.has_ended())
            .finish_non_exhaustive()
    }
}
