//! What was measured.

use std::fmt;

use serde::Serialize;

use crate::measure::Medians;

/// The rows, and what could not be measured.
#[derive(Default, Serialize)]
pub struct Table {
    rows: Vec<Row>,
    left_out: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    ours_ns: f64,
    bare_ns: f64,
    ratio: f64,
}

impl Table {
    /// Adds what was measured.
    pub fn add(&mut self, name: String, medians: &Medians) {
        self.rows.push(Row {
            name,
            ours_ns: medians.ours,
            bare_ns: medians.bare,
            ratio: medians.ours / medians.bare,
        });
    }

    /// Says what is not in the table, and why.
    pub fn leave_out(&mut self, why: String) {
        self.left_out.push(why);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|row| row.name.len())
            .max()
            .unwrap_or(0);
        writeln!(
            f,
            "{:width$}  {:>10}  {:>10}  ours/bare",
            "", "ours µs", "bare µs"
        )?;
        for row in &self.rows {
            let (ours, bare) = (row.ours_ns / 1e3, row.bare_ns / 1e3);
            writeln!(
                f,
                "{:width$}  {ours:>10.1}  {bare:>10.1}  {:>9.2}",
                row.name, row.ratio
            )?;
        }
        for why in &self.left_out {
            writeln!(f, "left out: {why}")?;
        }
        Ok(())
    }
}
