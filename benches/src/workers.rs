//! Threads that outlive a round, so that what a cache keeps for each of them is warm.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

type Job = Box<dyn FnOnce() + Send>;

/// So many of them.
pub struct Workers {
    jobs: Vec<Sender<Job>>,
}

impl Workers {
    pub fn new(count: usize) -> Self {
        let start = |_| {
            let (jobs, inbox): (Sender<Job>, Receiver<Job>) = channel();
            thread::spawn(move || inbox.into_iter().for_each(|job| job()));
            jobs
        };
        Self {
            jobs: (0..count).map(start).collect(),
        }
    }

    pub fn count(&self) -> usize {
        self.jobs.len()
    }

    /// Has all of them do it, each told its number, and says how long it took from the first that began to the last
    /// that ended.
    pub fn run(&self, work: &Arc<impl Fn(usize) + Send + Sync + 'static>) -> Duration {
        let together = Arc::new(Barrier::new(self.count()));
        let (times, ended) = channel();
        for (worker, jobs) in self.jobs.iter().enumerate() {
            let (work, together, times) = (Arc::clone(work), Arc::clone(&together), times.clone());
            let job = Box::new(move || {
                together.wait();
                let began = Instant::now();
                work(worker);
                times.send((began, Instant::now())).expect("somebody waits");
            });
            jobs.send(job).expect("a worker that has not panicked");
        }
        drop(times);
        let times: Vec<_> = ended.iter().collect();
        assert_eq!(
            times.len(),
            self.count(),
            "a worker panicked, as said above"
        );
        let began = times.iter().map(|(began, _)| *began).min();
        let ended = times.iter().map(|(_, ended)| *ended).max();
        ended
            .zip(began)
            .map_or(Duration::ZERO, |(ended, began)| ended - began)
    }
}
