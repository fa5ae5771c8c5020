//! Times, interleaved: each round measures one contender after the other, so that a noisy moment hits all of them.

use std::time::Duration;

use serde::Serialize;

/// What a contender is beside the others of its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// This project.
    Ours,
    /// Somebody else's way to the same end.
    Peer,
    /// The look-up or the system call alone: what nothing above it can beat.
    Raw,
    /// Something to compare with that no ratio is made of.
    Aside,
}

/// Somebody who does the operation of a row.
pub struct Contender<'a> {
    pub name: &'static str,
    pub role: Role,
    run: Box<dyn FnMut(usize) -> Duration + 'a>,
}

impl<'a> Contender<'a> {
    /// `run` does the operation so many times and says how long that took; what it prepares first is not counted.
    pub fn new(
        name: &'static str,
        role: Role,
        run: impl FnMut(usize) -> Duration + 'a,
    ) -> Contender<'a> {
        Contender {
            name,
            role,
            run: Box::new(run),
        }
    }

    /// Has it do so many operations.
    pub fn run(&mut self, operations: usize) -> Duration {
        (self.run)(operations)
    }
}

/// How many rounds, how long each is for one contender, and how many operations it has at most.
#[derive(Clone, Copy)]
pub struct Plan {
    pub rounds: usize,
    pub round: Duration,
    pub most: usize,
}

impl Plan {
    /// So many rounds of 20 ms.
    pub fn short(rounds: usize) -> Self {
        Self {
            rounds,
            round: Duration::from_millis(20),
            most: usize::MAX,
        }
    }
}

/// What a contender was measured at: nanoseconds of wall time an operation, unless its section says otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct Cell {
    pub contender: &'static str,
    pub role: Role,
    pub median: f64,
    pub least: f64,
    pub lower_quartile: f64,
    pub upper_quartile: f64,
    /// What else there is to say, such as how often the body ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Cell {
    /// A number that was not measured in rounds.
    pub fn exact(contender: &'static str, role: Role, value: f64) -> Self {
        Self::of(contender, role, vec![value])
    }

    fn of(contender: &'static str, role: Role, mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |part: f64| samples[((samples.len() - 1) as f64 * part).round() as usize];
        Self {
            contender,
            role,
            median: at(0.5),
            least: samples[0],
            lower_quartile: at(0.25),
            upper_quartile: at(0.75),
            note: None,
        }
    }

    /// Adds a word to it.
    pub fn noted(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }
}

/// Measures all of them, in turns; each round begins with another one.
pub fn measure(plan: Plan, contenders: &mut [Contender<'_>]) -> Vec<Cell> {
    let counts: Vec<usize> = contenders
        .iter_mut()
        .map(|contender| operations(plan, contender))
        .collect();
    let mut samples = vec![Vec::with_capacity(plan.rounds); contenders.len()];
    for round in 0..plan.rounds {
        for turn in 0..contenders.len() {
            let which = (round + turn) % contenders.len();
            let took = contenders[which].run(counts[which]);
            samples[which].push(took.as_nanos() as f64 / counts[which] as f64);
        }
    }
    contenders
        .iter()
        .zip(samples)
        .map(|(contender, samples)| Cell::of(contender.name, contender.role, samples))
        .collect()
}

/// How many operations of it make a round; warms it up.
fn operations(plan: Plan, contender: &mut Contender<'_>) -> usize {
    let mut round = |count: usize| {
        let took = contender.run(count);
        let rounds = plan.round.as_secs_f64() / took.as_secs_f64().max(1e-9);
        let enough = ((count as f64 * rounds) as usize).clamp(1, plan.most);
        (took, enough)
    };
    let mut count = 1;
    let mut enough = loop {
        let (took, enough) = round(count);
        if took * 8 >= plan.round || count >= plan.most {
            break enough;
        }
        count = (count * 4).min(plan.most);
    };
    // What it keeps for each thread may have been made only now: a round that is too short measures the scheduler.
    for _ in 0..2 {
        enough = round(enough).1;
    }
    enough
}
