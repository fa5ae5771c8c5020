//! Times, interleaved: each round measures one after the other, so that a noisy moment hits both.

use std::time::{Duration, Instant};

/// Something that does one operation over and over, for a task of that number.
pub trait Contender: Clone + Send + Sync + 'static {
    /// Does it once.
    fn once(&self, task: usize) -> impl Future<Output = ()> + Send;
}

/// The medians of both, in nanoseconds of wall time an operation.
pub struct Medians {
    pub ours: f64,
    pub bare: f64,
}

/// So many tasks at once, for about so long a round.
#[derive(Clone, Copy)]
pub struct Load {
    pub tasks: usize,
    pub rounds: usize,
}

const ROUND: Duration = Duration::from_millis(150);

/// Measures both in turns.
pub async fn compare(load: Load, ours: impl Contender, bare: impl Contender) -> Medians {
    // Warms up both, and finds out how many operations make a round.
    let count = |pace: f64| ((ROUND.as_nanos() as f64 / pace / load.tasks as f64) as usize).max(10);
    let (ours_count, bare_count) = (
        count(round(load.tasks, 50, &ours).await),
        count(round(load.tasks, 50, &bare).await),
    );
    let (mut ours_times, mut bare_times) = (Vec::new(), Vec::new());
    for _ in 0..load.rounds {
        ours_times.push(round(load.tasks, ours_count, &ours).await);
        bare_times.push(round(load.tasks, bare_count, &bare).await);
    }
    Medians {
        ours: median(ours_times),
        bare: median(bare_times),
    }
}

async fn round(tasks: usize, each: usize, contender: &impl Contender) -> f64 {
    let began = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let contender = contender.clone();
            tokio::spawn(async move {
                for _ in 0..each {
                    contender.once(task).await;
                }
            })
        })
        .collect();
    for task in running {
        task.await.expect("a contender failed, as said above");
    }
    began.elapsed().as_nanos() as f64 / (tasks * each) as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
