//! This project beside its peers and beside the bare stores and clients, in one run.
//!
//! `cargo run --release -- [--rounds N] [--json FILE] [WORD]`: only rows whose name has the word in it.

mod body;
mod bytes;
mod cold;
mod hit_rate;
mod hits;
mod keys;
mod measure;
mod servers;
mod stack;
mod table;
mod threads;
mod workers;
mod writes;

use std::process::ExitCode;
use std::{env, fs};

use table::Table;

const USAGE: &str = "usage: cargo run --release -- [--rounds N] [--json FILE] [WORD]

  --rounds N    interleaved rounds for each row, from 3 on; default 15
  --json FILE   writes the table there too
  WORD          only rows whose name has it, such as hit or redis";

/// What is to be run.
struct Settings {
    rounds: usize,
    json: Option<String>,
    word: String,
}

fn settings() -> Option<Settings> {
    let mut settings = Settings {
        rounds: 15,
        json: None,
        word: String::new(),
    };
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match &*argument {
            "--rounds" => settings.rounds = arguments.next()?.parse().ok().filter(|it| *it >= 3)?,
            "--json" => settings.json = Some(arguments.next()?),
            word if !word.starts_with('-') => settings.word = argument,
            _ => return None,
        }
    }
    Some(settings)
}

fn main() -> ExitCode {
    if let Some(measured) = bytes::child() {
        println!("{measured}");
        return ExitCode::SUCCESS;
    }
    let Some(settings) = settings() else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let mut table = Table::new(settings.rounds, settings.word);
    let cache = hits::ours::cache(50_000);
    cachestack::configure(cache).expect("nothing is configured yet");
    hits::run(&mut table);
    threads::run(&mut table);
    writes::run(&mut table);
    stack::run(&mut table);
    cold::run(&mut table);
    bytes::run(&mut table);
    hit_rate::run(&mut table);
    servers::run(&mut table);
    threads::million::run(&mut table);
    print!("{table}");
    if cfg!(debug_assertions) {
        println!("\nThis is a debug build; its numbers mean nothing. Add --release.");
    }
    if let Some(file) = settings.json {
        let written = serde_json::to_string_pretty(&table)
            .map_err(std::io::Error::from)
            .and_then(|text| fs::write(&file, text + "\n"));
        if let Err(error) = written {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
