//! Where the servers' programs are.

use std::env;
use std::fs;
use std::path::PathBuf;

/// Finds a program in PATH and where Debian puts it.
///
/// # Panics
/// When it is nowhere; names the package that has it.
pub(super) fn program(name: &str, package: &str) -> PathBuf {
    find(name).unwrap_or_else(|| {
        panic!("`{name}` is missing: it is in Debian's package `{package}`, which `scripts/test` installs")
    })
}

/// Whether a program such as `redis-server` or `initdb` is on this machine.
pub fn is_installed(name: &str) -> bool {
    find(name).is_some()
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = postgres_folders();
    folders.extend(env::split_paths(&path));
    folders.extend(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let mut files = folders.into_iter().map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}

/// Debian keeps each version of PostgreSQL in a folder of its own; the newest comes first.
fn postgres_folders() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/usr/lib/postgresql") else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let folders = versions.into_iter().map(|(_, path)| path.join("bin"));
    folders.collect()
}
