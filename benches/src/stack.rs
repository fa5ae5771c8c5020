//! A memory over files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Instant;

use cachestack::{Cache, FileBackend, MemoryBackend, cached};
use tempfile::TempDir;

use crate::body::{self, User, runs};
use crate::keys::{Draw, KEYS, Uniform, texts};
use crate::measure::{Contender, Plan, Role, measure};
use crate::table::{Heading, Table, Unit};

const STACK: Heading = Heading {
    name: "stack",
    unit: Unit::Microseconds,
    about: "µs a hit of fn(&str) -> User in a memory over files; raw is std::fs::read of such a file",
};

/// As many as have a file.
const FILES: usize = 256;

struct Stack {
    cache: Cache,
    folder: TempDir,
}

impl Stack {
    fn new(entries_in_memory: usize) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let memory = MemoryBackend::builder().max_entries(entries_in_memory);
        let files = FileBackend::builder(folder.path()).build();
        let cache = Cache::builder()
            .layer(memory.build().expect("a memory"))
            .layer(files.expect("a folder of files"))
            .build();
        Self {
            cache: cache.expect("a cache"),
            folder,
        }
    }
}

static ROOMY: LazyLock<Stack> = LazyLock::new(|| Stack::new(KEYS));
static NARROW: LazyLock<Stack> = LazyLock::new(|| Stack::new(1));

#[cached(ttl = 3600, cache = &ROOMY.cache)]
fn in_memory(name: &str) -> User {
    body::user(name)
}

#[cached(ttl = 3600, cache = &NARROW.cache)]
fn in_files(name: &str) -> User {
    body::user(name)
}

#[cached(ttl = 3600, cache = &NARROW.cache)]
async fn in_files_later(name: &str) -> User {
    body::user(name)
}

/// Adds the rows.
pub fn run(table: &mut Table) {
    let rows = ["in memory", "in the files", "in the files, async"];
    if !rows.iter().any(|row| table.wants(&STACK, row)) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let texts = &texts()[..FILES];
    for name in texts {
        in_memory(name);
        in_files(name);
        runtime.block_on(in_files_later(name));
    }
    ROOMY.cache.blocking().flush().expect("files are written");
    NARROW.cache.blocking().flush().expect("files are written");
    let files = largest(NARROW.folder.path(), FILES);
    let bytes = fs::metadata(&files[0]).expect("a file").len();
    eprintln!("the files of the stack have {bytes} bytes");
    let before = runs();
    let plan = Plan::short(table.rounds);
    let mut row = |name: &str, contenders: &mut [Contender<'_>]| {
        if table.wants(&STACK, name) {
            table.add(&STACK, name, measure(plan, contenders));
        }
    };
    let ours =
        |call: fn(&str) -> User| looped("ours", Role::Ours, move |key| drop(call(&texts[key])));
    let read = || {
        let files = files.clone();
        looped("raw", Role::Raw, move |key| {
            drop(fs::read(&files[key]).expect("a file"));
        })
    };
    row(rows[0], &mut [ours(in_memory)]);
    row(rows[1], &mut [ours(in_files), read()]);
    let mut keys = Keys::new();
    let later = Contender::new("ours", Role::Ours, |operations| {
        runtime.block_on(async {
            let began = Instant::now();
            for _ in 0..operations {
                in_files_later(&texts[keys.next()]).await;
            }
            began.elapsed()
        })
    });
    row(rows[2], &mut [later, read()]);
    assert_eq!(runs(), before, "a hit of the stack computed");
}

/// The keys that have a file, at random, and never the same twice in a row: it would be in the smallest memory.
struct Keys {
    draw: Uniform,
    last: usize,
}

impl Keys {
    fn new() -> Self {
        Self {
            draw: Uniform::new(FILES - 1, 1),
            last: 0,
        }
    }

    fn next(&mut self) -> usize {
        self.last = (self.last + 1 + self.draw.next()) % FILES;
        self.last
    }
}

fn looped<'a>(name: &'static str, role: Role, call: impl Fn(usize) + 'a) -> Contender<'a> {
    let mut keys = Keys::new();
    Contender::new(name, role, move |operations| {
        let began = Instant::now();
        for _ in 0..operations {
            call(keys.next());
        }
        began.elapsed()
    })
}

/// So many files of that folder: those of entries, which are the largest.
fn largest(folder: &Path, count: usize) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let entry = entry.expect("what is in the folder");
            match entry.metadata().expect("what is in the folder") {
                it if it.is_dir() => folders.push(entry.path()),
                it => files.push((it.len(), entry.path())),
            }
        }
    }
    files.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    assert!(files.len() >= count, "{} files", files.len());
    files
        .into_iter()
        .take(count)
        .map(|(_, path)| path)
        .collect()
}
