//! A number that every thread raises for itself: many can at once, without waiting for each other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

/// A number that many threads raise often, and somebody reads now and then.
///
/// Each thread has a cell of its own for it, so that raising it writes nothing that others read. To read it is to add
/// up the cells of all threads; while others raise it that gives some value it had.
#[doc(hidden)]
pub struct Tally {
    /// Its place in the cells of each thread, plus one; 0 before it is first raised.
    place: AtomicUsize,
}

/// So many numbers lie side by side.
const BLOCK: usize = 64;

type Block = [AtomicU64; BLOCK];

thread_local! {
    static OWN: RefCell<Own> = const { RefCell::new(Own { thread: 0, blocks: Vec::new() }) };
}

/// The cells of this thread, which alone raises them.
struct Own {
    /// A number of its own, from 1 on, once it has cells.
    thread: u64,
    blocks: Vec<Arc<Block>>,
}

/// Where the cells of all threads are found.
#[derive(Default)]
struct All {
    threads: HashMap<u64, Vec<Arc<Block>>>,
    /// How many threads ever had cells.
    count: u64,
    /// What threads that have ended, or were about to, had counted.
    ended: Vec<u64>,
    /// Places whose number is gone.
    free: Vec<usize>,
}

static ALL: LazyLock<Mutex<All>> = LazyLock::new(Mutex::default);

fn all() -> MutexGuard<'static, All> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    /// Zero.
    pub const fn new() -> Self {
        Self {
            place: AtomicUsize::new(0),
        }
    }

    /// One more.
    #[inline]
    pub fn one_more(&self) {
        self.add(1);
    }

    /// So many more.
    #[inline]
    pub fn add(&self, by: u64) {
        // Whoever had the place before has left it at zero.
        let place = self.place.load(Ordering::Acquire);
        let counted = OWN.try_with(|own| {
            let own = own.borrow();
            let block = own.blocks.get(place.wrapping_sub(1) / BLOCK)?;
            raise(&block[place.wrapping_sub(1) % BLOCK], by);
            Some(())
        });
        if !matches!(counted, Ok(Some(()))) {
            self.add_in_a_new_cell(by);
        }
    }

    /// The same where the number, or this thread, has none yet.
    #[cold]
    fn add_in_a_new_cell(&self, by: u64) {
        let mut all = all();
        let place = self.place(&mut all);
        let counted = OWN.try_with(|own| {
            let block = own.borrow_mut().block(place, &mut all);
            raise(&block[place % BLOCK], by);
        });
        if counted.is_err() {
            // The thread ends, and its cells were added up already.
            all.ended[place] = all.ended[place].wrapping_add(by);
        }
    }

    /// The cell of this thread, to be raised without being looked for; `None` while the thread ends. It must not be raised
    /// any more when the number is gone.
    pub fn cell(&self) -> Option<TallyCell> {
        if let Some(place) = self.place.load(Ordering::Acquire).checked_sub(1) {
            let block = OWN.try_with(|own| own.borrow().blocks.get(place / BLOCK).cloned());
            if let Ok(Some(block)) = block {
                return Some(TallyCell::new(block, place));
            }
        }
        let mut all = all();
        let place = self.place(&mut all);
        let block = OWN.try_with(|own| own.borrow_mut().block(place, &mut all));
        Some(TallyCell::new(block.ok()?, place))
    }

    fn place(&self, all: &mut All) -> usize {
        match self.place.load(Ordering::Relaxed) {
            0 => {
                let place = all.place();
                self.place.store(place + 1, Ordering::Release);
                place
            }
            place => place - 1,
        }
    }

    /// The number.
    pub fn get(&self) -> u64 {
        let all = all();
        match self.place.load(Ordering::Relaxed) {
            0 => 0,
            place => all.sum(place - 1),
        }
    }
}

/// The number of one thread.
#[doc(hidden)]
#[derive(Debug)]
pub struct TallyCell {
    block: Arc<Block>,
    at: usize,
    /// No other thread may raise it.
    stays: PhantomData<*const ()>,
}

impl TallyCell {
    fn new(block: Arc<Block>, place: usize) -> Self {
        Self {
            block,
            at: place % BLOCK,
            stays: PhantomData,
        }
    }

    /// One more.
    #[inline]
    pub fn one_more(&self) {
        raise(&self.block[self.at % BLOCK], 1);
    }
}

/// Nobody else raises it, so it need not be done in one step.
#[inline]
fn raise(cell: &AtomicU64, by: u64) {
    cell.store(
        cell.load(Ordering::Relaxed).wrapping_add(by),
        Ordering::Relaxed,
    );
}

impl Own {
    /// The block with the cell of a place.
    fn block(&mut self, place: usize, all: &mut All) -> Arc<Block> {
        if self.thread == 0 {
            all.count += 1;
            self.thread = all.count;
        }
        while self.blocks.len() <= place / BLOCK {
            let block: Arc<Block> = Arc::new(std::array::from_fn(|_| AtomicU64::new(0)));
            self.blocks.push(Arc::clone(&block));
            all.threads.entry(self.thread).or_default().push(block);
        }
        Arc::clone(&self.blocks[place / BLOCK])
    }
}

impl All {
    /// A place that nobody has.
    fn place(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.ended.push(0);
            self.ended.len() - 1
        })
    }

    fn cells(&self, place: usize) -> impl Iterator<Item = &AtomicU64> {
        let blocks = self.threads.values();
        blocks.filter_map(move |blocks| Some(&blocks.get(place / BLOCK)?[place % BLOCK]))
    }

    fn sum(&self, place: usize) -> u64 {
        let cells = self.cells(place).map(|cell| cell.load(Ordering::Relaxed));
        cells.fold(self.ended[place], u64::wrapping_add)
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let place = *self.place.get_mut();
        if let Some(place) = place.checked_sub(1) {
            // Nobody raises it any more.
            let mut all = all();
            all.cells(place)
                .for_each(|cell| cell.store(0, Ordering::Relaxed));
            all.ended[place] = 0;
            all.free.push(place);
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if self.blocks.is_empty() {
            return;
        }
        let mut all = all();
        all.threads.remove(&self.thread);
        let cells = self.blocks.iter().flat_map(|block| block.iter());
        for (ended, cell) in all.ended.iter_mut().zip(cells) {
            *ended = ended.wrapping_add(cell.load(Ordering::Relaxed));
        }
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tally({})", self.get())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn what_threads_count_adds_up_while_they_live_and_afterwards() {
        let (tally, other) = (Tally::new(), Tally::new());
        tally.one_more();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| tally.one_more()));
            }
            other.one_more();
        });
        assert_eq!((tally.get(), other.get()), (4_001, 1));
    }

    #[test]
    fn a_place_is_used_again_from_zero() {
        // More than a block, so that some are surely of the same place.
        for _ in 0..3 {
            let all: Vec<Tally> = (0..2 * BLOCK).map(|_| Tally::new()).collect();
            for tally in &all {
                assert_eq!(tally.get(), 0);
                tally.one_more();
                thread::scope(|scope| {
                    scope.spawn(|| tally.one_more());
                });
                assert_eq!(tally.get(), 2);
            }
        }
    }
}
