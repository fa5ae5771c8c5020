//! A server's own temporary folder.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::account::Account;

/// The longest path under which a socket in a server's folder still has a name of at most 107 bytes.
const LONGEST: usize = 60;

/// Makes a folder which that account owns and can reach. It is removed when it is dropped.
pub(super) fn folder(server: &str, account: Option<&Account>) -> TempDir {
    let places = [env::temp_dir(), "/var/tmp".into()];
    let place = places
        .iter()
        .find(|place| fits(place, account))
        .unwrap_or_else(|| panic!("no temporary folder is short and open to all: {places:?}"));
    let made = tempfile::Builder::new()
        .prefix(&format!("cachestack-{server}-"))
        .tempdir_in(place);
    let folder = made.unwrap_or_else(|error| panic!("no folder in {}: {error}", place.display()));
    if let Some(account) = account {
        chown(folder.path(), Some(account.uid), Some(account.gid))
            .unwrap_or_else(|error| panic!("the folder cannot be {}'s: {error}", account.name));
    }
    folder
}

/// The account has to get there, and to remove its folder.
fn fits(place: &Path, account: Option<&Account>) -> bool {
    let allows = |path: &Path, bits: u32| match fs::metadata(path) {
        Ok(it) => it.is_dir() && (account.is_none() || it.permissions().mode() & bits == bits),
        Err(_) => false,
    };
    let is_short = place.as_os_str().len() <= LONGEST;
    is_short && allows(place, 0o003) && place.ancestors().all(|it| allows(it, 0o001))
}

/// Writes a file that the folder's owner can read.
pub(super) fn write(folder: &Path, name: &str, text: &str, account: Option<&Account>) -> PathBuf {
    let path = folder.join(name);
    let written = fs::write(&path, text).and_then(|()| match account {
        Some(account) => chown(&path, Some(account.uid), Some(account.gid)),
        None => Ok(()),
    });
    written.unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
    path
}
