//! What was measured, by sections, each with columns of its own.

use std::{fmt, thread};

use serde::Serialize;

use crate::measure::{Cell, Contender, Plan, Role, measure};

/// What the numbers of a section are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Nanoseconds,
    /// Measured in nanoseconds, shown in these.
    Microseconds,
    /// Measured in nanoseconds, shown in these.
    Milliseconds,
    Bytes,
    Percent,
    /// How many times as many.
    Times,
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Nanoseconds | Self::Bytes => format!("{value:.1}"),
            Self::Microseconds => format!("{:.1}", value / 1e3),
            Self::Milliseconds => format!("{:.2}", value / 1e6),
            Self::Percent | Self::Times => format!("{value:.2}"),
        }
    }

    /// Whether a ratio says who is ahead.
    fn has_ratios(self) -> bool {
        !matches!(self, Self::Percent | Self::Times)
    }
}

/// What a section is called, and what stands above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Heading {
    pub name: &'static str,
    pub unit: Unit,
    pub about: &'static str,
}

/// The rows, and what could not be measured.
#[derive(Serialize)]
pub struct Table {
    pub rounds: usize,
    processors: usize,
    sections: Vec<Section>,
    left_out: Vec<String>,
    #[serde(skip)]
    word: String,
}

#[derive(Serialize)]
struct Section {
    #[serde(flatten)]
    heading: Heading,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    cells: Vec<Cell>,
    ours_to_best_peer: Option<f64>,
    ours_to_raw: Option<f64>,
}

impl Table {
    /// An empty one for rows whose section and name have `word` in them.
    pub fn new(rounds: usize, word: String) -> Self {
        Self {
            rounds,
            processors: thread::available_parallelism().map_or(1, usize::from),
            sections: Vec::new(),
            left_out: Vec::new(),
            word,
        }
    }

    /// Whether the row is to be measured.
    pub fn wants(&self, heading: &Heading, row: &str) -> bool {
        format!("{} {row}", heading.name).contains(&self.word)
    }

    /// Measures a row by the usual plan, if it is wanted.
    pub fn row<'a>(
        &mut self,
        heading: &Heading,
        name: &str,
        contenders: impl FnOnce() -> Vec<Contender<'a>>,
    ) {
        if self.wants(heading, name) {
            let cells = measure(Plan::short(self.rounds), &mut contenders());
            self.add(heading, name, cells);
        }
    }

    /// Adds what was measured.
    pub fn add(&mut self, heading: &Heading, name: &str, cells: Vec<Cell>) {
        eprintln!("measured: {} {name}", heading.name);
        let row = Row::new(heading.unit, name, cells);
        let section = self.sections.iter_mut().find(|it| it.heading == *heading);
        match section {
            Some(section) => section.rows.push(row),
            None => self.sections.push(Section {
                heading: *heading,
                rows: vec![row],
            }),
        }
    }

    /// Says what is not in the table, and why.
    pub fn leave_out(&mut self, why: impl Into<String>) {
        self.left_out.push(why.into());
    }
}

impl Row {
    fn new(unit: Unit, name: &str, cells: Vec<Cell>) -> Self {
        let best = |role| {
            let medians = cells.iter().filter(|cell| cell.role == role);
            medians.map(|cell| cell.median).min_by(f64::total_cmp)
        };
        let ratio = |to: Option<f64>| unit.has_ratios().then_some(best(Role::Ours)? / to?);
        Self {
            name: name.to_owned(),
            ours_to_best_peer: ratio(best(Role::Peer)),
            ours_to_raw: ratio(best(Role::Raw)),
            cells,
        }
    }

    fn shown(&self, unit: Unit, contender: &str) -> String {
        let cell = self.cells.iter().find(|cell| cell.contender == contender);
        match cell {
            None => "-".to_owned(),
            Some(cell) => match &cell.note {
                None => unit.show(cell.median),
                Some(note) => format!("{} ({note})", unit.show(cell.median)),
            },
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut columns: Vec<&str> = Vec::new();
        for cell in self.rows.iter().flat_map(|row| &row.cells) {
            if !columns.contains(&cell.contender) {
                columns.push(cell.contender);
            }
        }
        let unit = self.heading.unit;
        let mut lines: Vec<Vec<String>> = vec![vec![String::new()]];
        lines[0].extend(columns.iter().map(|&column| column.to_owned()));
        if unit.has_ratios() {
            lines[0].extend(["ours/peer".to_owned(), "ours/raw".to_owned()]);
        }
        for row in &self.rows {
            let mut line = vec![row.name.clone()];
            line.extend(columns.iter().map(|column| row.shown(unit, column)));
            if unit.has_ratios() {
                let ratios = [row.ours_to_best_peer, row.ours_to_raw];
                line.extend(ratios.map(|it| it.map_or("-".to_owned(), |it| format!("{it:.2}"))));
            }
            lines.push(line);
        }
        writeln!(f, "{}: {}", self.heading.name, self.heading.about)?;
        for line in &lines {
            for (column, text) in line.iter().enumerate() {
                let width = lines.iter().map(|line| line[column].chars().count()).max();
                let width = width.unwrap_or(0);
                match column {
                    0 => write!(f, "  {text:width$}")?,
                    _ => write!(f, "  {text:>width$}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rounds, processors) = (self.rounds, self.processors);
        writeln!(f, "medians of {rounds} rounds, {processors} processors\n")?;
        for section in &self.sections {
            writeln!(f, "{section}")?;
        }
        for why in &self.left_out {
            writeln!(f, "left out: {why}")?;
        }
        Ok(())
    }
}
