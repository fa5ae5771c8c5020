//! Several processes on one folder. The others are this very test program, told by the environment what
//! to do.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cachestack_backends::{Backend, FileBackend, Key};

use super::{
    age, block_on, entry, eventually, exists, files_in, folder, get, key, open, place, set, shop,
    stats, temp_of, temps_in, text,
};

const ROLE: &str = "CACHESTACK_FILE_ROLE";
const DIRECTORY: &str = "CACHESTACK_FILE_DIRECTORY";

/// How to start this program for nothing but [`another_process`].
pub(super) fn child() -> (PathBuf, [&'static str; 3]) {
    let arguments = ["processes::another_process", "--exact", "--nocapture"];
    (env::current_exe().unwrap(), arguments)
}

/// Lets a process of its own do what would disturb the other tests in this one.
pub(super) fn apart(role: &str, directory: &Path) {
    assert!(start(role, directory).wait().unwrap().success());
}

fn command(role: &str, directory: &Path) -> Command {
    let (program, arguments) = child();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env(ROLE, role)
        .env(DIRECTORY, directory);
    command.stdout(Stdio::null());
    command
}

fn start(role: &str, directory: &Path) -> Child {
    command(role, directory).spawn().unwrap()
}

/// Does nothing unless another test asks for it.
#[test]
fn another_process() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let directory = PathBuf::from(env::var_os(DIRECTORY).unwrap());
    match &*role {
        "write and read" => write_and_read(&directory, 2),
        "write large values" => write_large_values(&directory),
        "write within a limit" => write_within_a_limit(&directory, "theirs"),
        "write once" => set(&open(&directory), &key("k"), String::from("from a child")),
        "relative" => relative(&directory),
        "flood" => super::jobs::flood(&directory),
        "fill" => super::faults::fill(&directory),
        role => panic!("nobody has the role {role}"),
    }
}

/// Values that tell when they are torn: so many bytes of one sort, chosen by who wrote and when.
fn value(writer: u8, round: usize) -> Vec<u8> {
    vec![writer.wrapping_mul(100).wrapping_add(round as u8); 100 + round * 37 % 20_000]
}

fn is_whole(value: &[u8]) -> bool {
    value.len() >= 100 && value.iter().all(|byte| *byte == value[0])
}

fn write_and_read(directory: &Path, writer: u8) {
    let files = open(directory);
    let keys: Vec<Key> = (0..8).map(|i| key(&i.to_string())).collect();
    for round in 0..240 {
        let key = &keys[round % keys.len()];
        set(&files, key, value(writer, round));
        // Once written, a key always has a value: theirs or ours.
        for key in &keys[..keys.len().min(round + 1)] {
            let found = get::<Vec<u8>>(&files, key);
            assert!(is_whole(&found.expect("nothing is lost")));
        }
        if round % 8 == 0 {
            block_on(files.purge_expired(&shop())).unwrap();
        }
    }
    let seen = stats(&files);
    assert_eq!((seen.errors, seen.corrupt, seen.misses), (0, 0, 0));
}

#[test]
fn two_processes_write_and_read_the_same_keys_and_nothing_is_torn_or_lost() {
    let folder = folder();
    let mut other = start("write and read", folder.path());
    write_and_read(folder.path(), 1);
    assert!(other.wait().unwrap().success());
    let files = open(folder.path());
    for i in 0..8 {
        assert!(is_whole(
            &get::<Vec<u8>>(&files, &key(&i.to_string())).unwrap()
        ));
    }
    assert_eq!(files_in(folder.path()).len(), 8);
}

#[test]
fn what_another_process_wrote_is_read() {
    let folder = folder();
    let files = open(folder.path());
    assert_eq!(text(&files, &key("k")), None);
    apart("write once", folder.path());
    assert_eq!(text(&files, &key("k")).unwrap(), "from a child");
}

fn write_large_values(directory: &Path) {
    let files = FileBackend::builder(directory).sync(true).build().unwrap();
    for round in 0_u32.. {
        let value = vec![round.to_le_bytes()[0]; 1 << 20];
        set(&files, &key(&(round % 4).to_string()), value);
    }
}

#[test]
fn a_process_that_is_killed_while_it_writes_leaves_no_bad_entry_and_is_swept_after() {
    let folder = folder();
    let written = || (0..4).any(|i| place(folder.path(), &key(&i.to_string())).exists());
    for round in 0..8 {
        let mut child = start("write large values", folder.path());
        eventually("the child writes", written);
        std::thread::sleep(Duration::from_millis(40 + 13 * round));
        // SIGKILL, where there are signals.
        child.kill().unwrap();
        child.wait().unwrap();
        let files = open(folder.path());
        let values = (0..4).filter_map(|i| get::<Vec<u8>>(&files, &key(&i.to_string())));
        for value in values {
            assert!(value.len() == 1 << 20 && is_whole(&value));
        }
        assert_eq!(stats(&files).corrupt, 0);
    }
    // One in case no kill has hit a half-written file.
    std::fs::write(temp_of(&place(folder.path(), &key("0"))), "half").unwrap();
    let left = temps_in(folder.path());
    left.iter()
        .for_each(|path| age(path, Duration::from_secs(601)));
    let _files = open(folder.path());
    eventually("it is swept", || temps_in(folder.path()).is_empty());
}

const LIMIT: u64 = 200 << 10;

fn write_within_a_limit(directory: &Path, whose: &str) {
    let files = FileBackend::builder(directory)
        .max_bytes(LIMIT)
        .build()
        .unwrap();
    for i in 0..600 {
        let key = key(&format!("{whose} {i}"));
        set(&files, &key, vec![1_u8; 2 << 10]);
    }
    assert_eq!(stats(&files).errors, 0);
}

#[test]
fn two_processes_with_a_limit_keep_to_it_together() {
    let folder = folder();
    let mut other = start("write within a limit", folder.path());
    write_within_a_limit(folder.path(), "ours");
    assert!(other.wait().unwrap().success());
    let files = open(folder.path());
    let bytes = stats(&files).bytes.unwrap();
    // Each may write a tenth of the limit before it looks at what the other wrote.
    assert!(bytes <= LIMIT + LIMIT / 5, "{bytes}");
    assert!(bytes >= LIMIT / 2, "{bytes}");
    assert!(temps_in(folder.path()).is_empty());
}

/// Runs with a folder of its own as the current one.
fn relative(directory: &Path) {
    let files = open(Path::new("cache"));
    env::set_current_dir("/").unwrap();
    set(&files, &key("k"), entry_text());
    assert_eq!(text(&files, &key("k")), Some(entry_text()));
    let stats = stats(&files);
    assert_eq!(stats.directory, Some(directory.join("cache")));
    block_on(files.set_many(vec![(key("other"), entry(1))])).unwrap();
}

fn entry_text() -> String {
    String::from("kept where it was opened")
}

#[test]
fn a_relative_directory_is_resolved_when_the_store_is_built() {
    let folder = folder();
    let directory = folder.path().canonicalize().unwrap();
    let mut command = command("relative", &directory);
    assert!(command.current_dir(&directory).status().unwrap().success());
    let files = open(&directory.join("cache"));
    assert!(exists(&files, &key("k")) && exists(&files, &key("other")));
}
