//! What the examples show their results with.
#![allow(
    clippy::print_stdout,
    unreachable_pub,
    reason = "an example shows what it does; each is a crate of its own"
)]

use std::time::{Duration, Instant};

/// The result of a call, and how long it took.
pub async fn timed<T>(call: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    let result = call.await;
    (result, began.elapsed())
}

/// Rows of text below a heading; numbers are flush right.
pub struct Table<const N: usize>(Vec<[String; N]>);

impl<const N: usize> Table<N> {
    /// With that heading.
    pub fn new(heading: [&str; N]) -> Self {
        Self(vec![heading.map(String::from)])
    }

    /// Adds a row.
    pub fn push(&mut self, row: [String; N]) {
        self.0.push(row);
    }

    /// Shows all of it.
    pub fn print(&self) {
        let width = |column: usize| {
            let lengths = self.0.iter().map(|row| row[column].chars().count());
            lengths.max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..N).map(width).collect();
        let line = |left: char, cross: &str, right: char| {
            let bars: Vec<String> = widths.iter().map(|width| "─".repeat(width + 2)).collect();
            println!("{left}{}{right}", bars.join(cross));
        };
        line('┌', "┬", '┐');
        for (index, row) in self.0.iter().enumerate() {
            let cells = row.iter().zip(&widths).map(|(text, width)| {
                let number =
                    text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains("calls");
                match number {
                    true => format!(" {text:>width$} "),
                    false => format!(" {text:<width$} "),
                }
            });
            println!("│{}│", cells.collect::<Vec<_>>().join("│"));
            if index == 0 {
                line('├', "┼", '┤');
            }
        }
        line('└', "┴", '┘');
    }
}

/// A time with three or four digits.
pub fn readable(time: Duration) -> String {
    match time.as_nanos() {
        0..10_000 => format!("{} ns", time.as_nanos()),
        10_000..10_000_000 => format!("{:.1} µs", time.as_secs_f64() * 1e6),
        _ => format!("{:.1} ms", time.as_secs_f64() * 1e3),
    }
}
