//! Caches a slow computation over real input in memory and files, and shows what each call cost.
//!
//! `cargo run --example quickstart [CACHE FOLDER]`; without a folder it uses a temporary one.
#![allow(clippy::print_stdout, reason = "what it shows is what it is for")]

mod support;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use cachestack::{Cache, FileBackend, MemoryBackend, Stats, cached, configure, invalidate};
use serde::{Deserialize, Serialize};
use support::{Table, readable, timed};

/// What the slow function finds out about a folder of Rust sources.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Survey {
    files: usize,
    lines: usize,
    distinct_words: usize,
    favourite_word: Option<(String, usize)>,
    most_alike: Option<(PathBuf, PathBuf, f64)>,
}

/// So many files are compared.
const LONGEST: usize = 120;

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Reads every source file below a folder, counts words, and compares each of the longest files with each other.
#[cached(ttl = "10m")]
async fn survey(folder: &str) -> io::Result<Survey> {
    RUNS.fetch_add(1, Ordering::SeqCst);
    let folder = PathBuf::from(folder);
    tokio::task::spawn_blocking(move || take_survey(&folder)).await?
}

/// Something that makes the survey wrong: the entry goes when this has succeeded.
#[invalidate(survey(folder))]
async fn sources_changed(folder: &str) -> io::Result<()> {
    fs::metadata(folder).map(drop)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let temporary = tempfile::tempdir()?;
    let folder = match arguments.as_slice() {
        [] => temporary.path().to_owned(),
        [folder] if !folder.starts_with('-') => PathBuf::from(folder),
        _ => {
            println!(
                "usage: quickstart [CACHE FOLDER]\n\nWithout a folder a temporary one is used."
            );
            return Ok(());
        }
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let sources = sources.canonicalize()?.display().to_string();

    configure(open(&folder)?)?;
    let cache = cachestack::current().ok_or("a cache was configured")?;
    let mut table = Table::new(["call", "what happened", "time"]);

    let (found, time) = timed(survey(&sources)).await;
    let found = found?;
    table.timed("first call", "computed, stored in both layers", time);

    let began = Instant::now();
    for _ in 0..10_000 {
        survey(&sources).await?;
    }
    let mean = began.elapsed() / 10_000;
    table.timed("second call", "hit in L1, memory (mean of 10,000)", mean);

    // A new process has an empty memory and the same folder.
    let restarted = open(&folder)?;
    let (again, time) = timed(restarted.scope(survey(&sources))).await;
    again?;
    table.timed("after a restart", "hit in L2, files; copied up to L1", time);

    let (gone, time) = timed(sources_changed(&sources)).await;
    gone?;
    table.timed("sources_changed()", "entry deleted from both layers", time);

    let before = RUNS.load(Ordering::SeqCst);
    let began = Instant::now();
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let sources = sources.clone();
            tokio::spawn(async move { survey(&sources).await })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    let runs = RUNS.load(Ordering::SeqCst) - before;
    let times = if runs == 1 { "time" } else { "times" };
    table.timed(
        "1,000 calls at once",
        &format!("the function ran {runs} {times}"),
        began.elapsed(),
    );

    print_survey(&found);
    table.print();
    println!("\nWhat each layer counted\n");
    let mut layers = Table::new(["layer", "hits", "misses", "writes", "copied up", "entries"]);
    for (when, cache) in [("", &cache), (", restarted", &restarted)] {
        let stats = cache.stats().await?;
        for (index, layer) in stats.stack.layers.iter().enumerate() {
            layers.layer(&format!("L{} {}{when}", index + 1, layer.backend), layer);
        }
    }
    layers.print();
    println!("\nThe entry is a file below {}", folder.display());
    if arguments.is_empty() {
        println!("(temporary, removed now; to keep it name a folder: quickstart ./cache)");
    }
    if cfg!(debug_assertions) {
        println!("This is a debug build; add --release for the times of an optimised one.");
    }
    cache.close().await?;
    restarted.close().await?;
    Ok(())
}

fn open(folder: &Path) -> cachestack::Result<Cache> {
    Cache::builder()
        .namespace("quickstart")
        .layer(MemoryBackend::builder().max_entries(1_000).build()?)
        .layer(FileBackend::builder(folder).build()?)
        .build()
}

fn take_survey(folder: &Path) -> io::Result<Survey> {
    let mut sources = Vec::new();
    collect_sources(folder, &mut sources)?;
    sources.sort();
    let texts: Vec<(PathBuf, String)> = sources
        .into_iter()
        .map(|path| fs::read_to_string(&path).map(|text| (path, text)))
        .collect::<io::Result<_>>()?;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (_, text) in &texts {
        for word in words(text) {
            *counts.entry(word).or_default() += 1;
        }
    }
    let favourite = counts.iter().max_by_key(|(word, count)| (**count, **word));
    Ok(Survey {
        files: texts.len(),
        lines: texts.iter().map(|(_, text)| text.lines().count()).sum(),
        distinct_words: counts.len(),
        favourite_word: favourite.map(|(word, count)| ((*word).to_owned(), *count)),
        most_alike: most_alike(folder, &texts),
    })
}

fn collect_sources(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = name.to_string_lossy().starts_with('.');
        if entry.file_type()?.is_dir() {
            if !hidden && name != "target" {
                collect_sources(&path, found)?;
            }
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.len() > 2 && word.starts_with(char::is_alphabetic))
}

/// Of the longest files the two that share the largest part of their runs of three words.
fn most_alike(folder: &Path, texts: &[(PathBuf, String)]) -> Option<(PathBuf, PathBuf, f64)> {
    let mut texts: Vec<_> = texts.iter().collect();
    texts.sort_by_key(|(_, text)| Reverse(text.len()));
    texts.truncate(LONGEST);
    let shingles: Vec<HashSet<[&str; 3]>> = texts
        .iter()
        .map(|(_, text)| {
            let words: Vec<&str> = words(text).collect();
            words
                .windows(3)
                .map(|run| [run[0], run[1], run[2]])
                .collect()
        })
        .collect();
    let short = |i: usize| {
        texts[i]
            .0
            .strip_prefix(folder)
            .unwrap_or(&texts[i].0)
            .to_owned()
    };
    let mut best: Option<(usize, usize, f64)> = None;
    for (i, a) in shingles.iter().enumerate() {
        for (j, b) in shingles.iter().enumerate().skip(i + 1) {
            let shared = a.intersection(b).count() as f64;
            let alike = shared / ((a.len() + b.len()) as f64 - shared).max(1.0);
            if best.is_none_or(|(_, _, most)| alike > most) {
                best = Some((i, j, alike));
            }
        }
    }
    best.map(|(i, j, alike)| (short(i), short(j), alike))
}

fn print_survey(survey: &Survey) {
    println!("\nA survey of this project's own sources\n");
    println!("  files           {}", survey.files);
    println!("  lines           {}", survey.lines);
    println!("  distinct words  {}", survey.distinct_words);
    if let Some((word, count)) = &survey.favourite_word {
        println!("  favourite word  `{word}`, {count} times");
    }
    if let Some((a, b, alike)) = &survey.most_alike {
        println!(
            "  most alike      {} and {} ({:.0} %)",
            a.display(),
            b.display(),
            alike * 100.0
        );
    }
    println!();
}

/// A row of what a call cost.
trait Calls {
    fn timed(&mut self, call: &str, what: &str, time: Duration);
}

impl Calls for Table<3> {
    fn timed(&mut self, call: &str, what: &str, time: Duration) {
        self.push([call.into(), what.into(), readable(time)]);
    }
}

/// A row of what a layer counted.
trait Layers {
    fn layer(&mut self, name: &str, stats: &Stats);
}

impl Layers for Table<6> {
    fn layer(&mut self, name: &str, stats: &Stats) {
        let entries = stats.entries.unwrap_or_default();
        let numbers = [
            stats.hits,
            stats.misses,
            stats.writes,
            stats.backfills,
            entries,
        ];
        let [hits, misses, writes, backfills, entries] = numbers.map(|number| number.to_string());
        self.push([name.into(), hits, misses, writes, backfills, entries]);
    }
}
